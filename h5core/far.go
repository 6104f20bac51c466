package h5core

import (
	"context"
	"strings"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// open opens the file through the driver that was given; without one, a URL
// through the registered ros3 and all else through vfd.Sec2.
func (o *options) open(ctx context.Context, name string, mode vfd.Mode) (vfd.File, error) {
	driver := o.driver
	if driver == nil {
		driver = vfd.Sec2{}
		if far(name) {
			d, err := vfd.Lookup("ros3")
			if err != nil {
				return nil, failf("open", name, ErrUnsupported,
					"a file far away is opened by the driver ros3: import _ \"github.com/h5serve/h5serve/h5core/vfd/ros3\" to have it")
			}
			driver = d
		}
	}
	return driver.Open(ctx, name, mode)
}

// far tells whether a name is a URL that ros3 opens.
func far(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "s3") || strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}
