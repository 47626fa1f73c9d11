package storage

import (
	"fmt"
	"strings"
)

// checkEntry says what is wrong with an entry that came after another one.
func checkEntry(e Entry, last string, o ListOptions) error {
	rest, ok := strings.CutPrefix(e.Key, o.Prefix)
	if !ok {
		return fmt.Errorf("the driver gave %s, which has not the prefix", quoteShort(e.Key))
	}
	if e.Key <= last {
		return fmt.Errorf("the driver gave %s after %s, out of order", quoteShort(e.Key), quoteShort(last))
	}
	slash := strings.IndexByte(rest, '/')
	switch {
	case e.Dir && (!o.Shallow || slash < 0 || slash != len(rest)-1):
		return fmt.Errorf("the driver gave %s, which is no directory of this listing", quoteShort(e.Key))
	case !e.Dir && o.Shallow && slash >= 0:
		return fmt.Errorf("the driver gave %s, which is below a directory", quoteShort(e.Key))
	case !e.Dir:
		return CheckKey(e.Key)
	}
	return nil
}
