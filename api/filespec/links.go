package filespec

import (
	"strings"
)

var linkKeys = keySet{what: "a link", known: []string{"soft", "hard", "external"}}

func (p *parser) link(o origin, listed bool) {
	pointer := p.s.pointer()
	forms, k, to := 0, softLink, link{}
	before := p.problems.count()
	p.members(linkKeys.named(listed), func(key string) {
		if key == "name" {
			p.name(&o)
			return
		}
		forms++
		switch key {
		case "soft":
			k, to.target = softLink, p.linkText()
		case "hard":
			k, to.target = hardLink, p.linkText()
		case "external":
			k = externalLink
			to.file, to.target = p.externalLink()
		}
	})
	if p.s.err != nil || p.problems.count() > before {
		return
	}
	if forms != 1 {
		p.noteAt(pointer, "bad_link", complain("bad_link", `expected one of {"soft": path}, {"hard": path}, {"external": [file, path]}; found %d of them`, forms))
		return
	}
	if n := p.place(o, k); n != nil {
		n.link = &to
	}
}

// linkText reads a path that a link leads to.
func (p *parser) linkText() string {
	pointer := p.s.pointer()
	text, ok := p.text("where the link leads")
	if ok && (text == "" || strings.ContainsRune(text, 0)) {
		p.noteAt(pointer, "bad_link", complain("bad_link", "%q: where a link leads is not empty and has no NUL", text))
	}
	return text
}

func (p *parser) externalLink() (file, path string) {
	pointer := p.s.pointer()
	if !p.expect('[', "a file and a path in it") {
		return "", ""
	}
	n := 0
	for p.s.begin(); p.s.next(); n++ {
		switch n {
		case 0:
			file = p.linkText()
		case 1:
			path = p.linkText()
		default:
			p.s.skip()
		}
	}
	if n != 2 && p.s.err == nil {
		p.noteAt(pointer, "bad_link", complain("bad_link", "%d members, expected a file and a path in it", n))
	}
	return file, path
}

// checkHardLinks holds hard links to objects that the description makes,
// wherever in it they stand.
func (p *parser) checkHardLinks() {
	for _, n := range p.spec.tree.order {
		if p.s.err != nil {
			return
		}
		if n.kind == hardLink && p.spec.tree.target(n) == nil {
			p.noteAt(n.pointer(), "", complain("target_not_found", "%q is no group or dataset of this description", n.link.target))
		}
	}
}
