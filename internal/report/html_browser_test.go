package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"rstlab/internal/play"
)

// A tab is a page in a real browser, watched for errors and requests.
type tab struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	errors   []string
	requests []string
}

// TestBrowser tries the pages in Chromium. Without one it is skipped.
func TestBrowser(t *testing.T) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed: the pages are not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1200, 900),
		chromedp.WSURLReadTimeout(patience)) // until it has started
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	open := func(t *testing.T, page string) *tab { return newTab(ctx, t, page) }
	t.Run("filters and sorts", func(t *testing.T) { filtersAndSorts(t, open) })
	t.Run("shows the packets", func(t *testing.T) { showsThePackets(t, open) })
	t.Run("by keyboard", func(t *testing.T) { byKeyboard(t, open) })
	t.Run("runs nothing hostile", func(t *testing.T) { runsNothingHostile(t, open) })
	t.Run("shows a run", func(t *testing.T) { showsARun(t, open) })
	t.Run("shows many resets", func(t *testing.T) { showsManyResets(t, open) })
	t.Run("prints and darkens", func(t *testing.T) { printsAndDarkens(t, open) })
}

// patience bounds how long a step that fails takes.
const patience = time.Minute

// An opener shows a page.
type opener func(t *testing.T, page string) *tab

// newTab shows a page in a tab of its own.
func newTab(browser context.Context, t *testing.T, page string) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &tab{T: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(b.listen))
	b.ctx = ctx
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // a tab lives as long as its first context
		t.Fatal(err)
	}
	b.do(chromedp.Navigate("file://" + file))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.errors) > 0 {
			t.Errorf("the browser says: %s", strings.Join(b.errors, "\n"))
		}
		if len(b.requests) != 1 || b.requests[0] != "file://"+file {
			t.Errorf("the page asked for %q", b.requests)
		}
	})
	return b
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, fmt.Sprintf("exception %+v", ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		b.errors = append(b.errors, fmt.Sprintf("console.%s", ev.Type))
	case *log.EventEntryAdded:
		b.errors = append(b.errors, ev.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, ev.Request.URL)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.Fatalf("%v; the browser says: %q", err, b.errors)
	}
}

// press types a key.
func (b *tab) press(key string) { b.Helper(); b.do(chromedp.KeyEvent(key)) }

// click clicks an element, as a mouse does.
func (b *tab) click(selector string) { b.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }

// ask evaluates an expression in the page.
func ask[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// holds checks that an expression is true.
func (b *tab) holds(expression string) {
	b.Helper()
	if !ask[bool](b, expression) {
		b.Errorf("not so: %s", expression)
	}
}

// shown counts the kinds that the filters leave.
const shown = `document.querySelectorAll("table.list tbody:not([hidden])").length`

func filtersAndSorts(t *testing.T, open opener) {
	b := open(t, analysis(t, "html", Style{}, many(300, 60)...))
	all := ask[int](b, shown)
	if all != 60 {
		t.Fatalf("%d kinds, want 60", all)
	}
	// The form, the overview and the search narrow what is shown, and say so.
	b.do(chromedp.SetValue(chromedp.CSS("select[name=benign]"), "yes"))
	ask[bool](b, `document.querySelector("form.tools").dispatchEvent(new Event("input"))`)
	if n := ask[int](b, shown); n != 15 {
		t.Errorf("%d benign kinds, want 15", n)
	}
	b.holds(`document.querySelector(".status").textContent === "15 of 60 kinds of resets, 75 of 300 resets"`)
	b.holds(`Array.from(document.querySelectorAll("table.list tbody:not([hidden])")).every((r) => r.textContent.includes("benign"))`)
	b.click("button[type=reset]")
	b.do(chromedp.Query(chromedp.CSS("tbody#v60:not([hidden])")))
	b.click(`.chart [data-field=cause]`)
	b.holds(`document.querySelector("[data-field=cause]").getAttribute("aria-pressed") === "true"`)
	b.holds(`Array.from(document.querySelectorAll("table.list tbody:not([hidden])")).every((r) => r.dataset.cause === document.querySelector("[data-field=cause]").dataset.value)`)
	b.click(`.chart [data-field=cause]`)
	b.click(`.strip button`)
	b.holds(shown + " < 60 && " + shown + " > 0")
	b.click(`.strip button`)
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=text]"), "10.0.0.7 "))
	if n := ask[int](b, shown); n != 1 {
		t.Errorf("%d kinds name 10.0.0.7, want 1", n)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=text]"), "nowhere"))
	b.holds(shown + ` === 0 && !document.querySelector(".nothing").hidden`)
	b.click("button[type=reset]")
	b.do(chromedp.Query(chromedp.CSS("tbody#v60:not([hidden])")))

	// A head sorts, first upwards, then downwards.
	first := `document.querySelector("table.list tbody").dataset`
	b.click("th[data-sort=cause] button")
	b.holds(first + `.cause === "abortive-close" && document.querySelector("th[data-sort=cause]").getAttribute("aria-sort") === "ascending"`)
	b.click("th[data-sort=cause] button")
	b.holds(first + `.cause === "zero-window-timeout" && document.querySelector("th[data-sort=cause]").getAttribute("aria-sort") === "descending"`)
	b.click("th[data-sort=strength] button")
	b.holds(first + `.strength === "1" && document.querySelectorAll("th[aria-sort]").length === 1`)
	b.click("th[data-sort=first] button")
	b.click("th[data-sort=first] button")
	b.holds(`(() => { const f = Array.from(document.querySelector("table.list").tBodies, (r) => r.dataset.first); return f.every((v, i) => !i || f[i - 1] >= v); })()`)
	b.click("[data-do=open]")
	b.holds(`document.querySelectorAll("td > details:not([open])").length === 0`)
	b.click("[data-do=close]")
	b.holds(`document.querySelectorAll("td > details[open]").length === 0`)
}

func showsThePackets(t *testing.T, open opener) {
	b := open(t, judged(t, "inline-policy-both-ends/client.pcapng", "inline-policy-both-ends/server.pcapng"))
	card := `document.querySelector(".fields")`
	// A link of the evidence leads to its packet, whose fields then show.
	b.click("#v1 .evidence a")
	b.holds(`document.activeElement.matches("#v1 .seg")`)
	b.holds(`!` + card + `.hidden && ` + card + `.textContent.includes("TTL") && ` + card + `.textContent.includes("never came by at")`)
	b.press(kb.ArrowDown)
	b.holds(`document.activeElement.classList.contains("mine") && ` + card + `.textContent.includes("R. seq 1 ack 251")`)
	b.press(kb.Home)
	b.holds(`document.activeElement.id === "v1-p1"`)
	b.press(kb.Escape)
	b.holds(card + `.hidden`)
	b.press(kb.Tab) // one stop for all packets of a diagram
	b.holds(`document.activeElement.matches("#v1 .text > summary")`)
	// The mouse shows them too.
	at := ask[[]float64](b, `(() => { const e = document.querySelector("#v1-p2"); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	b.do(chromedp.MouseEvent("mouseMoved", at[0], at[1]))
	b.do(chromedp.Query(chromedp.CSS(".fields:not([hidden])")))
	b.holds(card + `.textContent.includes("S. seq 0 ack 1")`)
	// The reset differs by shape, too; what never arrived is broken off.
	b.holds(`document.querySelectorAll("#v1 .seg.rst .head").length > 0 && document.querySelectorAll("#v1 .seg .broken").length > 0`)
	b.holds(`getComputedStyle(document.querySelector(".rst .line")).strokeWidth !== getComputedStyle(document.querySelector(".seg:not(.rst) .line")).strokeWidth`)
}

func byKeyboard(t *testing.T, open opener) {
	b := open(t, analysis(t, "html", Style{}, many(300, 60)...))
	b.press(kb.Tab)
	b.holds(`document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().left >= 0`)
	b.press(kb.Enter)
	b.holds(`location.hash === "#list"`)
	// From the heading on, each control is reached in its order, and is seen to be.
	var order []string
	for range 20 {
		b.press(kb.Tab)
		order = append(order, ask[string](b, `document.activeElement.name || document.activeElement.dataset.do || document.activeElement.type || document.activeElement.tagName.toLowerCase()`))
		b.holds(`getComputedStyle(document.activeElement).outlineStyle !== "none"`)
	}
	want := "text cause sender strength benign open close reset button button button button button button button a summary"
	if got := strings.Join(order, " "); !strings.HasPrefix(got, want) {
		t.Errorf("the order is %s, want %s", got, want)
	}
	b.do(chromedp.Focus(chromedp.CSS(".strip button")))
	b.press(kb.ArrowRight)
	b.press(kb.Enter)
	b.holds(`document.activeElement === document.querySelectorAll(".strip button")[1] && document.activeElement.getAttribute("aria-pressed") === "true"`)
	b.do(chromedp.Focus(chromedp.CSS("th[data-sort=count] button")))
	b.press(kb.Enter)
	b.holds(`document.querySelector("th[data-sort=count]").getAttribute("aria-sort") === "ascending"`)
	b.holds(`Array.from(document.querySelectorAll("input, select")).every((e) => e.labels.length === 1)`)
}

// Whatever text a capture holds stays text: it runs nothing, and no request
// leaves.
func runsNothingHostile(t *testing.T, open opener) {
	for name, page := range map[string]string{"analysis": poisonedAnalysis(t), "run": poisonedRun(t)} {
		t.Run(name, func(t *testing.T) {
			b := open(t, page)
			b.holds(`typeof boom === "undefined" && document.querySelectorAll("img, iframe, svg[onload]").length === 0 && document.scripts.length === 1`)
			b.holds(`document.body.textContent.includes("<script>boom()</script>")`)
			if name == "analysis" {
				ask[bool](b, `document.querySelector(".seg").dispatchEvent(new PointerEvent("pointerover", {bubbles: true}))`)
				b.holds(`document.querySelector(".fields").textContent.includes("<script>boom()") && document.querySelector(".fields").children.length === 0`)
				b.holds(`Array.from(document.querySelector("select[name=sender]").options).some((o) => o.text.includes("<img"))`)
			}
			// Were something let through, the policy would stop it.
			ask[bool](b, `(() => { const s = document.createElement("script"); s.textContent = "window.boom = 1"; document.body.append(s); return true; })()`)
			b.holds(`window.boom === undefined`)
			b.mu.Lock()
			if len(b.errors) != 1 || !strings.Contains(b.errors[0], "Content Security Policy") {
				t.Errorf("the browser says %q, want one refusal by the policy", b.errors)
			}
			b.errors = nil
			b.mu.Unlock()
		})
	}
}

func showsARun(t *testing.T, open opener) {
	b := open(t, run(t, "html", Style{}, play.RunSummary{Type: "run", Passed: 2, Failed: 1, Skipped: 1, Kernel: "6.18.44"}, passed(), control(), skipped(), failed()))
	b.holds(`document.querySelector("table.list tbody").dataset.name === "abortive-close" && document.querySelector("table.list details").open`)
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=text]"), "no_socket"))
	b.holds(shown + ` === 1 && document.querySelector("tbody:not([hidden])").dataset.name === "port-closed"`)
	b.holds(`document.querySelector(".status").textContent === "1 of 4 scenarios"`)
}

// A big page is quick: the numbers are logged, a bound would depend on the
// machine.
func showsManyResets(t *testing.T, open opener) {
	b := open(t, analysis(t, "html", Style{}, many(5000, 1000)...))
	b.do(chromedp.Query(chromedp.CSS("form.tools:not([hidden])")))
	t.Logf("first paint after %.0f ms, loaded after %.0f ms, %d kinds",
		ask[float64](b, `performance.getEntriesByType("paint")[0].startTime`), ask[float64](b, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`), ask[int](b, shown))
	for _, step := range []string{`document.querySelector("[data-field=cause]").click()`, `document.querySelector("th[data-sort=count] button").click()`,
		`document.querySelector("[data-do=open]").click()`} {
		began := time.Now()
		ask[any](b, `(() => { `+step+`; return document.body.offsetHeight; })()`)
		t.Logf("%s: %v", step, time.Since(began).Round(time.Millisecond))
	}
}

// On paper all stands unfolded, and in both schemes the text stands out from
// its ground.
func printsAndDarkens(t *testing.T, open opener) {
	b := open(t, judged(t, "smb-dual-port/client.pcapng"))
	contrast := func() float64 {
		return ask[float64](b, `(() => {
			const lum = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
			const root = getComputedStyle(document.documentElement), probe = document.createElement("i"), of = (n) => { probe.style.color = root.getPropertyValue(n); return lum(getComputedStyle(probe).color); };
			document.body.append(probe);
			let least = 99;
			for (const ink of ["--ink", "--soft", "--accent", "--harm", "--calm", "--proof"]) for (const ground of ["--bg", "--card", "--faint"]) {
				const [a, b] = [of(ink), of(ground)].sort((x, y) => y - x);
				least = Math.min(least, (a + .05) / (b + .05));
			}
			probe.remove();
			return least;
		})()`)
	}
	for _, scheme := range []string{"light", "dark"} {
		if _, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
			return cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		}); err != nil {
			t.Fatal(err)
		}
		if c := contrast(); c < 4.5 { // WCAG 2.2, 1.4.3
			t.Errorf("%s: a contrast of %.2f", scheme, c)
		}
	}
	ask[any](b, `document.querySelector("#v1 details").open = false`)
	ask[any](b, `window.dispatchEvent(new Event("beforeprint"))`)
	b.holds(`document.querySelector("#v1 details").open && document.querySelector(".cause").open`)
	ask[any](b, `window.dispatchEvent(new Event("afterprint"))`)
	b.holds(`!document.querySelector("#v1 details").open`)
	for _, width := range []int64{360, 800, 1600} {
		b.do(chromedp.EmulateViewport(width, 800))
		b.holds(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`)
	}
}
