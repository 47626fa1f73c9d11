package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
)

// maxStream is the largest stream that is read; etcd takes 1.5 MiB.
const maxStream = 16 << 20

// readStream reads the stream to import into, or makes a new one.
func (o *options) readStream(stdin io.Reader) (*imagestream.ImageStream, error) {
	if o.stream == "" {
		stream := imagestream.New(o.namespace, o.name)
		stream.CreationTimestamp = imagestream.NewTime(o.now)
		return stream, nil
	}
	from := stdin
	if o.stream != "-" {
		file, err := os.Open(o.stream)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, maxStream+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.stream, err)
	}
	if len(data) > maxStream {
		return nil, fmt.Errorf("%s: it has more than %d bytes", o.stream, maxStream)
	}
	stream := &imagestream.ImageStream{}
	if err := json.Unmarshal(data, stream); err != nil {
		return nil, fmt.Errorf("%s: %w", o.stream, err)
	}
	switch {
	case stream.Kind != "ImageStream":
		return nil, fmt.Errorf("%s: it is of the kind %q, not ImageStream", o.stream, stream.Kind)
	case stream.Name != o.name || o.namespace != "" && stream.Namespace != o.namespace:
		return nil, fmt.Errorf("%s: it is the stream %s/%s", o.stream, stream.Namespace, stream.Name)
	}
	return stream, nil
}

// print writes the stream in the form that was asked for.
func (o *options) print(stdout io.Writer, result *importer.Result) error {
	if o.output == "text" {
		return printText(stdout, result)
	}
	stream := stored(result.Stream)
	stream.TypeMeta = imagestream.TypeMeta{Kind: "ImageStream", APIVersion: imagestream.APIVersion}
	if !o.withImages {
		return printObject(stdout, stream)
	}
	items := []any{stream}
	for _, image := range result.Images {
		items = append(items, image)
	}
	return printObject(stdout, map[string]any{
		"apiVersion": "v1", "kind": "List", "metadata": map[string]string{"resourceVersion": ""}, "items": items,
	})
}

// stored returns a stream as the API server keeps it: with what it sets where a spec tag
// says nothing (openshift-apiserver, pkg/image/apis/image/v1/defaults.go).
func stored(s *imagestream.ImageStream) *imagestream.ImageStream {
	s = s.Clone()
	for n := range s.Spec.Tags {
		tag := &s.Spec.Tags[n]
		if tag.ImportPolicy.ImportMode == "" {
			tag.ImportPolicy.ImportMode = imagestream.ImportModeLegacy
		}
		if tag.ReferencePolicy.Type == "" {
			tag.ReferencePolicy.Type = imagestream.SourceTagReferencePolicy
		}
	}
	return s
}

// printObject writes an object as oc does: with its keys sorted.
func printObject(stdout io.Writer, object any) error {
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var sorted any
	if err := decoder.Decode(&sorted); err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "    ")
	return encoder.Encode(sorted)
}

// printText writes a line for each tag, and for each image of a list.
func printText(stdout io.Writer, result *importer.Result) error {
	w := tabwriter.NewWriter(stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "TAG\tSTATUS\tIMAGE\tFROM")
	for _, t := range result.Tags {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", escape(t.Tag), t.Status, escape(t.Image), escape(t.From))
		for _, p := range t.Platforms {
			status := "imported"
			switch {
			case p.Err != nil:
				status = string(p.Err.Class)
			case p.Known:
				status = "known"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t\n", escape(p.Platform), status, escape(p.Digest))
		}
	}
	return w.Flush()
}
