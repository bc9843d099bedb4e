package main

import (
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flashback-network/flashback/internal/sla"
)

// encode makes JSON values of the model's: text where a type has one, hexadecimal bytes, a leaf as its canonical bytes, 64-bit numbers as decimal strings, embedded structs flat.
func encode(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case sla.Leaf:
		return hex.EncodeToString(x.Bytes())
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return v.Uint()
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Array, reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, v.Len())
			reflect.Copy(reflect.ValueOf(b), v)
			return hex.EncodeToString(b)
		}
		l := []any{}
		for i := range v.Len() {
			l = append(l, encode(v.Index(i)))
		}
		return l
	case reflect.Struct:
		m := map[string]any{}
		each(v, func(name string, f reflect.Value) { m[name] = encode(f) })
		return m
	}
	panic(fmt.Sprintf("vectorgen: no encoding of %s", v.Type()))
}

// each field of a struct with its name in JSON.
func each(v reflect.Value, f func(name string, v reflect.Value)) {
	for i := range v.NumField() {
		if t := v.Type().Field(i); t.Anonymous {
			each(v.Field(i), f)
		} else {
			f(camel(t.Name), v.Field(i))
		}
	}
}

// camel makes storagePrice of StoragePrice, sla of SLA, qos of QoS and ttfbMillis of TTFBMillis.
func camel(s string) string {
	if s == "QoS" {
		return "qos"
	}
	n := 0
	for n < len(s) && unicode.IsUpper(rune(s[n])) {
		n++
	}
	if n > 1 && n < len(s) {
		n--
	}
	return strings.ToLower(s[:n]) + s[n:]
}

// looseLeaf decodes a leaf with any lost and status: these two bytes stand at the end.
func looseLeaf(b []byte) (*sla.Leaf, error) {
	n := len(b)
	if n < 2 {
		return sla.DecodeLeaf(b)
	}
	l, err := sla.DecodeLeaf(append(slices.Clone(b[:n-2]), 0, 0))
	if err == nil {
		l.Lost, l.Status = b[n-2], sla.Status(b[n-1])
	}
	return l, err
}

// decode is the reverse.
func decode(from any, v reflect.Value) error {
	if v.Type() == reflect.TypeFor[sla.Leaf]() {
		b, err := hex.DecodeString(fmt.Sprint(from))
		if err != nil {
			return err
		}
		l, err := looseLeaf(b)
		if err == nil {
			v.Set(reflect.ValueOf(*l))
		}
		return err
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return t.UnmarshalText([]byte(fmt.Sprint(from)))
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(from == true)
	case reflect.String:
		v.SetString(fmt.Sprint(from))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(fmt.Sprint(from), 10, v.Type().Bits())
		v.SetUint(n)
		return err
	case reflect.Array, reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b, err := hex.DecodeString(fmt.Sprint(from))
			if v.Kind() == reflect.Slice {
				v.SetBytes(b)
			} else {
				reflect.Copy(v, reflect.ValueOf(b))
			}
			return err
		}
		l, _ := from.([]any)
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), len(l), len(l)))
		}
		for i := range l {
			if err := decode(l[i], v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		m, ok := from.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no %s", from, v.Type())
		}
		var err error
		each(v, func(name string, f reflect.Value) {
			if x, ok := m[name]; !ok {
				err = fmt.Errorf("%s misses %s", v.Type(), name)
			} else if e := decode(x, f); e != nil {
				err = e
			}
		})
		return err
	default:
		return fmt.Errorf("no decoding of %s", v.Type())
	}
	return nil
}

// values is any of the model's values in JSON.
type values map[string]any

func valuesOf(v any) values { return encode(reflect.ValueOf(v)).(map[string]any) }

// UnmarshalJSON keeps numbers exact.
func (v *values) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	m := map[string]any{}
	err := d.Decode(&m)
	*v = m
	return err
}
