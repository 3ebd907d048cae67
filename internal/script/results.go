package script

import (
	"slices"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// results are the kinds of result that a verb can give.
type results uint8

const (
	anOK results = 1 << iota
	theEnd
	aNumber
	anErrno
	anExit
	aState

	okOrErrno = anOK | anErrno
)

// String lists the kinds as errors and help write them.
func (r results) String() string {
	var words []string
	for i, word := range []string{"ok", "EOF", "a number", "an errno", "exit N", "a state"} {
		if r&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return or(words)
}

// result reads what stands behind "=".
func (l *line) result(v *verbKind) (*Result, *segment.Error) {
	t := l.Peek()
	if v.results == 0 {
		return nil, t.Errorf("%s has no result", v.name)
	}
	if t.Kind != segment.Word {
		return nil, t.Expected(v.results.String() + ` behind "="`)
	}
	l.Next()
	r := &Result{Pos: l.pos(t), Word: t.Text}
	kind := resultKind(t.Text)
	if kind == anExit {
		n := l.Peek()
		code, err := strconv.ParseUint(n.Text, 10, 8)
		if err != nil {
			return nil, n.Expected("an exit status from 0 to 255")
		}
		l.Next()
		r.Exit = int(code)
	}
	switch {
	case kind == 0:
		return nil, t.Errorf("unknown result %q; %s gives %s%s", t.Text, v.name, v.results, segment.DidYouMean(t.Text, resultWords(v.results)...))
	case kind&v.results == 0:
		return nil, t.Errorf("%s gives %s, not %s", v.name, v.results, t.Text)
	}
	return r, nil
}

// resultKind tells what word is, 0 for no result.
func resultKind(word string) results {
	_, number := segment.ParseNumber(word)
	switch {
	case word == "ok":
		return anOK
	case word == "EOF":
		return theEnd
	case word == "exit":
		return anExit
	case number:
		return aNumber
	case slices.Contains(states, word):
		return aState
	case slices.Contains(errnos, word):
		return anErrno
	}
	return 0
}

// resultWords lists the words that stand for results of these kinds.
func resultWords(kinds results) []string {
	var words []string
	for _, w := range slices.Concat([]string{"ok", "EOF", "exit"}, states, errnos) {
		if resultKind(w)&kinds != 0 {
			words = append(words, w)
		}
	}
	return words
}

// The states of a connection (RFC 9293, 3.3.2).
var states = []string{
	"LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
	"CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT", "CLOSED",
}

// The errors of Linux by name (include/uapi/asm-generic/errno.h), which the
// language knows on every system.
var errnos = strings.Fields(`
	EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY
	EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE
	EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP ENOMSG EIDRM ENODATA ETIME ENOLINK EPROTO
	EBADMSG EOVERFLOW EILSEQ EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT
	ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET
	ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN
	EHOSTUNREACH EALREADY EINPROGRESS ESTALE EDQUOT ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED`)
