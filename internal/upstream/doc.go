// Package upstream holds nothing but tests: they compare package imagestream
// with what it is modelled on, the types of github.com/openshift/api, and the
// pull-spec parser and the image stream helpers of
// github.com/openshift/library-go. Where the two are meant to differ, the test
// says how. It is a module of its own so that nobody else inherits their
// requirements.
package upstream
