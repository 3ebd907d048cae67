//go:build linux

package lab

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The structures of linux/ethtool.h, as far as features go. They are told to
// the kernel here, and not by a library, since the one at hand keeps their
// addresses as numbers, which the runtime does not mend when it moves a stack.
const (
	setOfFeatures = 4  // ETH_SS_FEATURES
	featureNameSz = 32 // ETH_GSTRING_LEN

	maxFeatures  = 256 // a device has 64 or some more
	featureWords = maxFeatures / 32
)

type (
	ethtoolNames struct {
		cmd, set, len uint32
		data          [maxFeatures * featureNameSz]byte
	}
	ethtoolNamesInfo struct {
		cmd, reserved uint32
		mask          uint64
		count         uint32
	}
	ethtoolSetFeatures struct {
		cmd, size uint32
		blocks    [featureWords]struct{ valid, requested uint32 }
	}
	ifreqData struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [24 - unsafe.Sizeof(uintptr(0))]byte
	}
)

// disableOffloads turns off all that would let a frame pass with a checksum
// unfinished or larger than the MTU, on an interface of the calling thread's
// namespace.
func disableOffloads(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	info := ethtoolNamesInfo{cmd: unix.ETHTOOL_GSSET_INFO, mask: 1 << setOfFeatures}
	if err := ethtool(fd, name, unsafe.Pointer(&info)); err != nil {
		return fmt.Errorf("count features: %w", err)
	}
	if info.count > maxFeatures {
		return fmt.Errorf("count features: %d, more than %d", info.count, maxFeatures)
	}
	names := ethtoolNames{cmd: unix.ETHTOOL_GSTRINGS, set: setOfFeatures, len: info.count}
	if err := ethtool(fd, name, unsafe.Pointer(&names)); err != nil {
		return fmt.Errorf("read features: %w", err)
	}
	set := ethtoolSetFeatures{cmd: unix.ETHTOOL_SFEATURES, size: (info.count + 31) / 32}
	for i := range int(names.len) {
		feature, _, _ := bytes.Cut(names.data[i*featureNameSz:(i+1)*featureNameSz], []byte{0})
		if isOffload(string(feature)) {
			set.blocks[i/32].valid |= 1 << (i % 32)
		}
	}
	if err := ethtool(fd, name, unsafe.Pointer(&set)); err != nil {
		return fmt.Errorf("set features: %w", err)
	}
	return nil
}

// ethtool asks the kernel about an interface (SIOCETHTOOL), by a structure of
// linux/ethtool.h that holds the answer afterwards.
func ethtool(fd int, name string, data unsafe.Pointer) error {
	request := ifreqData{data: data}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}

// isOffload tells from a feature's name (net/ethtool/common.c) whether it
// leaves checksums, segmentation or reassembly to somebody else.
func isOffload(feature string) bool {
	for _, part := range []string{"checksum", "scatter-gather", "segmentation", "gso", "gro", "lro"} {
		if strings.Contains(feature, part) {
			return true
		}
	}
	return false
}
