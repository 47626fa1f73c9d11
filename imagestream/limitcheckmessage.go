package imagestream

import (
	"fmt"
	"strconv"
	"strings"
)

// String says what is too much, by how much, which limit it is, and what to do.
func (e Excess) String() string {
	switch {
	case e.Unknown:
		return fmt.Sprintf("%s: %s limits %s to %d, but how many are used is not known yet, so the API server creates none:"+
			" wait until the quota has been counted, and try again", e.Object, e.LimitedBy, e.Resource, e.Limit)
	case e.Resource == ResourceStorage:
		return fmt.Sprintf("%s is %s, %s more than the %s that %s allows (max[%s] of %s):"+
			" make the image smaller, or have the limit raised",
			e.Object, bytesText(e.Usage), bytesText(e.Over()), bytesText(e.Limit), e.LimitedBy, e.Resource, e.Type)
	case e.Resource == ResourceImageStreamImages:
		return e.count("different image", "in the histories of its tags",
			"prune old images (oc adm prune images), delete tags that are not used (oc tag -d), or have the limit raised")
	case e.Resource == ResourceImageStreamTags:
		return e.count("different source", "in its spec tags", "delete spec tags that are not used (oc tag -d), or have the limit raised")
	}
	return e.count("image stream", "", "delete image streams that are not used, or have the quota raised")
}

// count is the message for a number of things.
func (e Excess) count(thing, where, advice string) string {
	if e.Usage != 1 {
		thing += "s"
	}
	if where != "" {
		thing += " " + where
	}
	limit := string(e.Resource)
	if e.Type != "" {
		limit = "max[" + limit + "] of " + string(e.Type)
	}
	return fmt.Sprintf("%s would have %d %s, %d more than the %d that %s allows (%s): %s",
		e.Object, e.Usage, thing, e.Over(), e.Limit, e.LimitedBy, limit, advice)
}

// bytesText is a number of bytes, in a unit too where there are many.
func bytesText(n int64) string {
	exact := strconv.FormatInt(n, 10) + " bytes"
	if n < 1024 {
		return exact
	}
	value, unit := float64(n)/1024, 0
	for ; value >= 1024 && unit < len("KMGTPE")-1; unit++ {
		value /= 1024
	}
	text := strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0")
	return exact + " (" + text + " " + "KMGTPE"[unit:unit+1] + "iB)"
}
