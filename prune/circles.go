package prune

import "slices"

// circles finds out which images are above each other by way of owners and subjects: such
// have the same number, and all others have one of their own. It is Tarjan's algorithm,
// without recursion.
func circles(owners map[int][]int, subjects map[int]int) map[int]int {
	c := circleFinder{owners: owners, subjects: subjects, seen: map[int]int{}, low: map[int]int{}, circle: map[int]int{}}
	for i := range owners {
		c.from(i)
	}
	for i := range subjects {
		c.from(i)
	}
	return c.circle
}

type circleFinder struct {
	owners   map[int][]int
	subjects map[int]int
	seen     map[int]int // when each image was seen first, from 1
	low      map[int]int // when the first image was that each leads back to
	path     []int       // seen, and in no circle yet
	found    int
	circle   map[int]int
}

// A climb is on its way through what is above an image.
type climb struct{ image, next int }

// above returns what is above an image, one after the other.
func (c *circleFinder) above(image, n int) (int, bool) {
	owners := c.owners[image]
	if n < len(owners) {
		return owners[n], true
	}
	s, refers := c.subjects[image]
	return s, refers && n == len(owners)
}

func (c *circleFinder) enter(image int) climb {
	n := len(c.seen) + 1
	c.seen[image], c.low[image] = n, n
	c.path = append(c.path, image)
	return climb{image: image}
}

func (c *circleFinder) from(image int) {
	if c.seen[image] != 0 {
		return
	}
	for stack := []climb{c.enter(image)}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if o, more := c.above(top.image, top.next); more {
			top.next++
			switch {
			case c.seen[o] == 0:
				stack = append(stack, c.enter(o))
			case c.circle[o] == 0: // on the path
				c.low[top.image] = min(c.low[top.image], c.seen[o])
			}
			continue
		}
		i := top.image
		stack = stack[:len(stack)-1]
		if c.low[i] == c.seen[i] {
			c.close(i)
		}
		if len(stack) > 0 {
			below := stack[len(stack)-1].image
			c.low[below] = min(c.low[below], c.low[i])
		}
	}
}

// close makes a circle of all that was seen since an image.
func (c *circleFinder) close(image int) {
	c.found++
	first := len(c.path) - 1
	for c.path[first] != image {
		first--
	}
	for _, i := range c.path[first:] {
		c.circle[i] = c.found
	}
	c.path = slices.Delete(c.path, first, len(c.path))
}
