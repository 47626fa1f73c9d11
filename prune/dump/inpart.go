package dump

// mostInPart is how many errors [Reader.InPart] returns.
const mostInPart = 100

// InPart returns why Images were read in part, an [*Error] for each field: what they
// are made of, or say of themselves, is not what it should be. Such an Image is known,
// and what it might need stays with it: any config, where its metadata cannot be read;
// every image, link and blob, where its layers, children or manifest cannot, since Images
// are not complete then. The first 100 are returned; n is how many there are.
func (d *Reader) InPart() (first []error, n int) { return d.inPart, d.inPartCount }

func (d *Reader) readInPart(err error) {
	if d.inPartCount++; len(d.inPart) < mostInPart {
		d.inPart = append(d.inPart, err)
	}
}
