package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
)

// driver is how a file is read that may be more than one, with the keywords of h5py's drivers.
type driver struct {
	Driver       string `default:"sec2" placeholder:"NAME" help:"How the file is read: sec2, in place; core, into memory first; family, split or multi, for a file that is a set of files; ros3, far away, as URLs always are (${default})."`
	MembSize     *size  `placeholder:"SIZE" help:"family: bytes of each member. Without it, as the first member says. FILE holds the member's number as printf writes it: run%d.h5."`
	MetaExt      string `placeholder:"EXT" help:"split: what follows FILE in the name of the file with the metadata (-m.h5)."`
	RawExt       string `placeholder:"EXT" help:"split: what follows FILE in the name of the file with the elements (-r.h5)."`
	BlockSize    *size  `placeholder:"SIZE" help:"core: by how much the memory grows (64KiB)."`
	BackingStore *bool  `negatable:"" help:"core: keep the file behind the memory open. Nothing is written here, so that it makes no difference to what is read."`
	AWSRegion    string `name:"aws-region" placeholder:"NAME" help:"ros3: region of the bucket. Without it, as AWS's tools find it."`
	Endpoint     string `placeholder:"URL" help:"ros3: S3 server other than Amazon's, such as https://host:9000."`
	Anonymous    bool   `help:"ros3: sign nothing. Else requests for s3://BUCKET/KEY are signed with the credentials that AWS's tools find."`
}

// open gives the driver with its keywords; a keyword of another driver is a wrong call.
func (d *driver) open(file string) (vfd.Driver, error) {
	scheme, _, far := strings.Cut(file, "://")
	far = far && slices.Contains([]string{"s3", "http", "https"}, strings.ToLower(scheme))
	if far && d.Driver == "sec2" {
		d.Driver = "ros3"
	}
	for _, k := range []struct {
		name, of string
		given    bool
	}{
		{"--memb-size", "family", d.MembSize != nil},
		{"--meta-ext", "split", d.MetaExt != ""},
		{"--raw-ext", "split", d.RawExt != ""},
		{"--block-size", "core", d.BlockSize != nil},
		{"--backing-store", "core", d.BackingStore != nil},
		{"--aws-region", "ros3", d.AWSRegion != ""},
		{"--endpoint", "ros3", d.Endpoint != ""},
		{"--anonymous", "ros3", d.Anonymous},
	} {
		if k.given && d.Driver != k.of {
			return nil, usageError(fmt.Sprintf("%s is a keyword of --driver %s, not of %s", k.name, k.of, d.Driver))
		}
	}
	switch d.Driver {
	case "family":
		return d.family(file)
	case "split":
		return d.split()
	case "core":
		return d.core()
	case "ros3":
		// A web server is asked without a signature: its addresses are no buckets.
		sign := strings.EqualFold(scheme, "s3") && !d.Anonymous
		return ros3.Driver{AWSRegion: d.AWSRegion, Endpoint: d.Endpoint, Chain: sign}, nil
	}
	found, err := vfd.Lookup(d.Driver)
	if err != nil {
		return nil, usageError("--driver: " + err.Error())
	}
	return found, nil
}

func (d *driver) family(file string) (vfd.Driver, error) {
	if !strings.Contains(strings.ReplaceAll(file, "%%", ""), "%") {
		return nil, usageError(fmt.Sprintf("--driver family opens run%%d.h5, say, for run0.h5, run1.h5 and so on: %s names no set", printable(file)))
	}
	f := vfd.Family{}
	if d.MembSize != nil {
		if f.MemberSize = uint64(*d.MembSize); f.MemberSize == 0 {
			return nil, usageError("--memb-size must be 1B or more")
		}
	}
	return f, nil
}

func (d *driver) split() (vfd.Driver, error) {
	s := vfd.Split{MetaExt: d.MetaExt, RawExt: d.RawExt}
	if d.MetaExt != "" && d.MetaExt == d.RawExt {
		return nil, usageError("--meta-ext and --raw-ext name the same file")
	}
	return s, nil
}

func (d *driver) core() (vfd.Driver, error) {
	c := vfd.Core{BackingStore: d.BackingStore == nil || *d.BackingStore}
	if d.BlockSize != nil {
		if *d.BlockSize < 512 || *d.BlockSize > 1<<30 {
			return nil, usageError("--block-size must be 512B to 1GiB")
		}
		c.BlockSize = int(*d.BlockSize)
	}
	return c, nil
}
