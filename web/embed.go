// Package web is the viewer: pages that show, slice and make HDF5 files in a browser.
//
//	src/*.tsx ── npm run build ──▶ dist/index.html, dist/assets/name-hash.js{,.br,.gz} ── embedded here
//
// A build without Node leaves dist empty, and the server then has a page that says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are what the pages are made of, index.html and assets/*; nil if the viewer was not built.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil
	}
	return files
}
