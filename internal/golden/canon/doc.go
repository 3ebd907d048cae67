// Package canon rewrites the captures of a scenario into their canonical form:
// the same bytes for every run of it on one kernel release, on any machine, as
// root or not, however many run beside it.
//
// What chance decides is replaced, and its relations are kept. Initial sequence
// numbers, timestamp clocks, IPv4 identifications, ephemeral ports, flow labels
// and Fast Open cookies become fixed numbers in the order of their first use;
// all that counts from them is moved with them. What the script wrote itself
// stays as it is written. The time of each frame is told anew from what caused
// it: a link's delay, a timer's nominal value and a wait of the script are kept
// exactly, all else takes a fixed step. The order of the frames at each tap is
// the wire's. Frames that are not TCP's, nor an ICMP error about it, are left
// out.
package canon
