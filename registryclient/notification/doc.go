// Package notification receives what registries tell of pushes, pulls and deletions: the
// webhook of distribution (Docker's registry), in its present and earlier forms.
//
//	handler, err := notification.New(receive, notification.Options{Authorization: []string{"Bearer " + secret}})
//	http.Handle("/events", handler)
//
// The registry sends the secret where its configuration says so:
//
//	notifications:
//	  endpoints:
//	    - name: mine
//	      url: https://hooks.example.com/events
//	      headers: {Authorization: [Bearer …]}
//	      timeout: 5s
//	      threshold: 10
//	      backoff: 1s
//
// # What is guaranteed
//
// A registry sends an event again until it is answered with success. So a receive
// function that fails gets the event again, and one that succeeds gets it no more, as
// long as both processes live: at least once, and mostly once. An envelope of several
// events of which one fails is sent again as a whole; what succeeded is remembered by its
// id, and passed over. An event that comes again while it is still being received is
// put off (503).
//
// What is not: the registry keeps its queue in memory, so what it did not deliver is
// lost when it restarts, and what this process remembers of ids is lost when that one
// does. Events may come in any order: compare [Event.Time] before believing a deletion.
// Who needs to be right looks at the registry itself from time to time. And nothing is
// signed: who knows the secret can tell anything.
//
// An event that cannot be read is passed over ([Options.Unread]): if it were refused, the
// registry would send it for ever, and nothing that comes after it. For the same reason one
// whose receive function fails with an error of [Permanent] is answered with success, told
// to [Options.PassedOver], and comes no more. Every other failure makes it come again.
package notification
