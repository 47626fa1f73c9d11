// Package upstream holds nothing but tests: they compare package imagestream
// with what it is modelled on, the types of github.com/openshift/api and the
// pull-spec parser of github.com/openshift/library-go. It is a module of its
// own so that nobody else inherits their requirements.
package upstream
