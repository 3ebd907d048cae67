package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
)

// The HTML report is one file that refers to no other. Its markup is
// html/template's, which escapes what comes from captures and scenarios by the
// place where it stands; it has one style and one script. Without the script
// the page can be read whole; filters, sorting and the field card need it.

//go:embed html
var htmlFiles embed.FS

// An htmlPage is what all pages have.
type htmlPage struct {
	Title    string
	Analysis *htmlAnalysisPage // or
	Run      *htmlRunPage

	Policy template.HTMLAttr
}

// htmlParts are the templates, and the policy for browsers: nothing is fetched,
// and no style or script but the page's own, known by their digests, has effect.
var htmlParts = sync.OnceValues(func() (*template.Template, template.HTMLAttr) {
	t := template.Must(template.ParseFS(htmlFiles, "html/*"))
	digest := func(part string) string {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, part, nil); err != nil {
			panic(err) // the part is embedded
		}
		_, body, _ := bytes.Cut(b.Bytes(), []byte(">"))
		body = body[:bytes.LastIndexByte(body, '<')]
		sum := sha256.Sum256(body)
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return t, template.HTMLAttr(fmt.Sprintf(`content="default-src 'none'; style-src %s; script-src %s"`, digest("style"), digest("script")))
})

// writeHTML writes a page. What is not printed is told as in the text outputs.
func writeHTML(w io.Writer, page htmlPage) error {
	t, policy := htmlParts()
	page.Policy = policy
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "page.html", page); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	out := bufio.NewWriter(w)
	for line := range strings.SplitSeq(strings.TrimSpace(b.String()), "\n") {
		fmt.Fprintln(out, clean(line))
	}
	return out.Flush()
}
