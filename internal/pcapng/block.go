package pcapng

// Block types (draft-ietf-opsawg-pcapng, section 10.1).
const (
	blockSection     = 0x0A0D0D0A
	blockInterface   = 1
	blockPacket      = 2 // obsolete
	blockSimple      = 3
	blockNames       = 4
	blockStats       = 5
	blockEnhanced    = 6
	blockJournal     = 9 // of systemd
	blockSecrets     = 10
	blockCustom      = 0xBAD
	blockCustomLocal = 0x40000BAD // not to be copied
	blockOverhead    = 12         // type, length and the length again
	blockBodyAt      = 8
	byteOrderMagic   = 0x1A2B3C4D
	sectionBodyLen   = 16
	interfaceBodyLen = 8
	stampedBodyLen   = 20 // of packets with a time
	simpleBodyLen    = 4
	statsBodyLen     = 12
)

// Option codes. Those of interfaces, packets and statistics share numbers.
const (
	optEnd     = 0
	optComment = 1

	optCustomText      = 2988
	optCustom          = 2989
	optCustomTextLocal = 19372 // not to be copied
	optCustomLocal     = 19373

	optSectionHardware    = 2
	optSectionOS          = 3
	optSectionApplication = 4

	optInterfaceName        = 2
	optInterfaceDescription = 3
	optInterfaceResolution  = 9
	optInterfaceFilter      = 11
	optInterfaceOS          = 12
	optInterfaceOffset      = 14

	optPacketFlags   = 2
	optPacketDropped = 4
	optPacketVerdict = 7

	optStatsStart     = 2
	optStatsEnd       = 3
	optStatsReceived  = 4
	optStatsDropped   = 5
	optStatsAccepted  = 6
	optStatsOSDropped = 7
	optStatsDelivered = 8
)
