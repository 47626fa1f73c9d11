package naiveplan_test

import "slices"

// shrink takes away objects, and then whatever is in them, as long as the rest
// still fails, so that a person can read what is left. It works on values as
// encoding/json decodes them and changes what it is given.
func shrink(objects []map[string]any, fails func([]map[string]any) bool) []map[string]any {
	for again := true; again; {
		again = false
		for i := len(objects) - 1; i >= 0; i-- {
			if fewer := slices.Delete(slices.Clone(objects), i, i+1); fails(fewer) {
				objects, again = fewer, true
			}
		}
		for _, o := range objects {
			again = shrinkMap(o, func() bool { return fails(objects) }) || again
		}
	}
	return objects
}

func shrinkMap(m map[string]any, fails func() bool) bool {
	smaller := false
	for key, value := range m {
		if key == "kind" || key == "name" || key == "namespace" || key == "digest" {
			continue
		}
		if delete(m, key); fails() {
			smaller = true
			continue
		}
		m[key] = value
		switch value := value.(type) {
		case map[string]any:
			smaller = shrinkMap(value, fails) || smaller
		case []any:
			for i := len(value) - 1; i >= 0; i-- {
				fewer := slices.Delete(slices.Clone(value), i, i+1)
				if m[key] = fewer; fails() {
					value, smaller = fewer, true
				} else {
					m[key] = value
				}
			}
			for _, element := range value {
				if element, ok := element.(map[string]any); ok {
					smaller = shrinkMap(element, fails) || smaller
				}
			}
		}
	}
	return smaller
}
