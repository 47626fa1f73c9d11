package upstream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registrykit/registrykit/imagestream"
)

const rounds = 200

// What upstream writes is read here, and written again to the same bytes: the
// same fields in the same order.
func TestTheirsThroughOurs(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.ours.Name(), func(t *testing.T) { through(t, p.theirs, p.ours) })
	}
}

func TestOursThroughTheirs(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.ours.Name(), func(t *testing.T) { through(t, p.ours, p.theirs) })
	}
}

func through(t *testing.T, from, to reflect.Type) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		v := reflect.New(from)
		if round > 0 { // the first is the zero value
			fill(rng, v.Elem(), 0)
		}
		written, err := json.Marshal(v.Interface())
		require.NoError(t, err)
		other := reflect.New(to)
		require.NoError(t, json.Unmarshal(written, other.Interface()), "%s", written)
		again, err := json.Marshal(other.Interface())
		require.NoError(t, err)
		require.Equal(t, string(written), string(again))
	}
}

// fill sets v at random: about half of what may be left out is.
func fill(rng *rand.Rand, v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *metav1.Time:
		p.Time = instant(rng)
		return
	case *imagestream.Time:
		p.Time = instant(rng)
		return
	case *runtime.RawExtension:
		p.Raw = raw(rng)
		return
	case *imagestream.RawExtension:
		p.Raw = raw(rng)
		return
	case *metav1.FieldsV1:
		p.SetRawBytes(raw(rng))
		return
	case *imagestream.FieldsV1:
		p.Raw = raw(rng)
		return
	}
	switch v.Kind() {
	case reflect.String:
		if rng.IntN(3) > 0 {
			v.SetString(word(rng))
		}
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Uint8:
		v.SetUint(uint64(rng.IntN(256)))
	case reflect.Int32, reflect.Int64:
		if rng.IntN(3) > 0 {
			v.SetInt(int64(rng.Int32()))
		}
	case reflect.Pointer:
		if rng.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(rng, v.Elem(), depth+1)
			if data, _ := json.Marshal(v.Interface()); string(data) == "null" {
				v.SetZero() // a zero Time, which reads as nil
			}
		}
	case reflect.Slice:
		if n := rng.IntN(3) - 1; n >= 0 && depth < 9 {
			v.Set(reflect.MakeSlice(v.Type(), n+1, n+1))
			for i := range v.Len() {
				fill(rng, v.Index(i), depth+1)
			}
		}
	case reflect.Map:
		if rng.IntN(2) == 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range rng.IntN(3) {
				value := reflect.New(v.Type().Elem()).Elem()
				fill(rng, value, depth+1)
				v.SetMapIndex(reflect.ValueOf(word(rng)), value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(rng, v.Field(i), depth+1)
			}
		}
	default:
		panic(v.Type())
	}
}

func instant(rng *rand.Rand) time.Time {
	if rng.IntN(4) == 0 {
		return time.Time{}
	}
	return time.Unix(rng.Int64N(1<<33), rng.Int64N(1e9)).In(time.FixedZone("", 3600*rng.IntN(12)))
}

func raw(rng *rand.Rand) []byte {
	if rng.IntN(4) == 0 {
		return nil
	}
	name, _ := json.Marshal(word(rng))
	return fmt.Appendf(nil, `{"Id":%s,"Size":%d.50,"null":null}`, name, rng.IntN(1<<30))
}

func word(rng *rand.Rand) string {
	words := []string{"web", "sha256:01", "a b", `"quoted\"`, "line\nbreak\t\r\b\f", "<&>", "\u2028\u2029", "héllo", "日本", "\x01\x7f", "😀"}
	return words[rng.IntN(len(words))] + fmt.Sprint(rng.IntN(1000))
}
