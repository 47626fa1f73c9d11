package apitext

import (
	"bytes"
	"fmt"
	"go/types"
	"io"
	"strings"
)

// printer writes one package.
type printer struct {
	w         io.Writer
	qualifier types.Qualifier
}

// writePackage writes the exported names of pkg. Types of the same package are
// written without a package, those of the same module with the path inside of
// it, all others with the whole import path.
func writePackage(w io.Writer, pkg *types.Package, module string) {
	p := printer{w: w, qualifier: func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return strings.TrimPrefix(other.Path(), module+"/")
	}}
	p.line(0, "package %s", pkg.Path())
	for _, pick := range []func(types.Object) bool{is[*types.Const], is[*types.Var], is[*types.Func], is[*types.TypeName]} {
		for _, name := range pkg.Scope().Names() { // sorted
			if obj := pkg.Scope().Lookup(name); obj.Exported() && pick(obj) {
				p.object(obj)
			}
		}
	}
}

func is[T types.Object](obj types.Object) bool {
	_, ok := obj.(T)
	return ok
}

func (p printer) line(depth int, format string, args ...any) {
	fmt.Fprintf(p.w, "%s%s\n", strings.Repeat("\t", depth), fmt.Sprintf(format, args...))
}

// text writes a type as one line.
func (p printer) text(t types.Type) string {
	return types.TypeString(t, p.qualifier)
}

// signature writes parameters and results, without the word func.
func (p printer) signature(fn *types.Func) string {
	var buf bytes.Buffer
	types.WriteSignature(&buf, withoutCompilersNames(fn.Signature()), p.qualifier)
	return buf.String()
}

// withoutCompilersNames takes out the names, as #rv1, that the compiler gives to results
// without one where a loop over a function returns them.
func withoutCompilersNames(s *types.Signature) *types.Signature {
	if s.TypeParams().Len() > 0 || s.RecvTypeParams().Len() > 0 {
		return s // a type parameter belongs to one signature
	}
	results := make([]*types.Var, s.Results().Len())
	for i := range results {
		v := s.Results().At(i)
		if strings.HasPrefix(v.Name(), "#") {
			v = types.NewVar(v.Pos(), v.Pkg(), "", v.Type())
		}
		results[i] = v
	}
	return types.NewSignatureType(s.Recv(), nil, nil, s.Params(), types.NewTuple(results...), s.Variadic())
}

func (p printer) object(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		typ := ""
		if basic, ok := obj.Type().(*types.Basic); !ok || basic.Info()&types.IsUntyped == 0 {
			typ = " " + p.text(obj.Type())
		}
		p.line(0, "const %s%s = %s", obj.Name(), typ, obj.Val().ExactString())
	case *types.Var:
		p.line(0, "var %s %s", obj.Name(), p.text(obj.Type()))
	case *types.Func:
		p.line(0, "func %s%s", obj.Name(), p.signature(obj))
	case *types.TypeName:
		p.typeName(obj)
	}
}

func (p printer) typeName(obj *types.TypeName) {
	if alias, ok := obj.Type().(*types.Alias); ok && obj.IsAlias() {
		p.line(0, "type %s%s = %s", obj.Name(), p.typeParams(alias.TypeParams()), p.text(alias.Rhs()))
		return
	}
	named, ok := obj.Type().(*types.Named)
	if !ok || obj.IsAlias() {
		p.line(0, "type %s = %s", obj.Name(), p.text(obj.Type()))
		return
	}
	name := obj.Name() + p.typeParams(named.TypeParams())
	switch under := named.Underlying().(type) {
	case *types.Struct:
		p.line(0, "type %s struct", name)
		p.fields(under)
		p.methods(named, under)
	case *types.Interface:
		p.line(0, "type %s interface", name)
		p.interfaceMethods(under)
	default:
		p.line(0, "type %s %s", name, p.text(under))
		p.methods(named, nil)
	}
}

func (p printer) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var params []string
	for param := range list.TypeParams() {
		params = append(params, param.Obj().Name()+" "+p.text(param.Constraint()))
	}
	return "[" + strings.Join(params, ", ") + "]"
}

// fields writes the exported fields in order. Unexported fields are one line,
// since they decide whether a literal without keys compiles. Exported fields
// that an unexported embedded struct lends are written as the struct's own.
func (p printer) fields(s *types.Struct) {
	hidden := false
	for i := range s.NumFields() {
		field, tag := s.Field(i), ""
		if s.Tag(i) != "" {
			tag = " `" + s.Tag(i) + "`"
		}
		switch {
		case field.Embedded() && field.Exported():
			p.line(1, "embeds %s%s", p.text(field.Type()), tag)
		case field.Exported():
			p.line(1, "field %s %s%s", field.Name(), p.text(field.Type()), tag)
		default:
			hidden = true
			if inner := embeddedStruct(field); inner != nil {
				p.fields(inner)
			}
		}
	}
	if hidden {
		p.line(1, "(unexported fields)")
	}
}

// embeddedStruct returns the struct that an embedded field holds or points to,
// nil if field is something else.
func embeddedStruct(field *types.Var) *types.Struct {
	if !field.Embedded() {
		return nil
	}
	typ := field.Type()
	if pointer, ok := types.Unalias(typ).(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	s, _ := typ.Underlying().(*types.Struct)
	return s
}

// methods writes the exported methods of named and *named, by name. Those that
// an exported embedded field lends are left to the line of that field.
func (p printer) methods(named *types.Named, s *types.Struct) {
	set := types.NewMethodSet(types.NewPointer(named))
	for sel := range set.Methods() { // sorted
		fn := sel.Obj().(*types.Func)
		if !fn.Exported() {
			continue
		}
		path := sel.Index()
		if len(path) > 1 && s != nil && s.Field(path[0]).Exported() {
			continue
		}
		receiver := named.Obj().Name()
		if types.NewMethodSet(named).Lookup(fn.Pkg(), fn.Name()) == nil {
			receiver = "*" + receiver
		}
		p.line(1, "method (%s) %s%s", receiver, fn.Name(), p.signature(fn))
	}
}

// interfaceMethods writes the whole method set, embedded interfaces resolved,
// and the type set of a constraint.
func (p printer) interfaceMethods(iface *types.Interface) {
	if !iface.IsMethodSet() {
		for embedded := range iface.EmbeddedTypes() {
			p.line(1, "embeds %s", p.text(embedded))
		}
	}
	hidden := false
	for fn := range iface.Methods() { // sorted
		if fn.Exported() {
			p.line(1, "method %s%s", fn.Name(), p.signature(fn))
		} else {
			hidden = true
		}
	}
	if hidden {
		p.line(1, "(unexported methods)")
	}
}
