// Package fromregistry reads a registry into an inventory, so that plain registries can
// be planned for, and has the ends on which such a plan is carried out.
//
//	var builder inventory.Builder
//	err := fromregistry.Read(ctx, client, registry, &builder, fromregistry.Options{})
//	plan, err := prune.New(builder.Build(), policy, time.Now())
//	report, err := apply.Run(ctx, plan, ends.Apply(), apply.Options{})
//
// # What a registry does not say
//
// When a tag was pushed, and what it pointed to before, no registry tells. So each tag
// has one item, whose age is what the caller says ([Options.Times]), or, if the caller
// wants that, when the image was built ([Options.UseImageCreated]); else it is unknown,
// which keeps.
//
// Manifests without a tag cannot be listed either. They may own or refer to what a tag
// points to, so Images count as incomplete, and only tags go, unless the caller says
// that such manifests are of no account ([Options.UntaggedIsNothing]).
//
// What could not be read is there, and not known: its kind is incomplete, which keeps.
// A catalog that cannot be listed, or a list of repositories from the caller, leaves
// streams incomplete too ([Options.AllRepositories]).
//
// Who uses the images is not for a registry to say. Add workloads to the same builder,
// through [Uses], which knows repositories of any depth; a policy that asks for use keeps
// everything as long as none were listed.
//
// # Deletion
//
// Deleting a digest takes all its tags in that repository, so a tag that goes is an
// action of its own, carried out first ([Ends.DeleteTag]); where the registry cannot
// delete tags alone, the tag stays, and so does its manifest. Some registries delete the
// manifest along with a tag, and so all its tags: that is looked for behind each deletion,
// told, and not done twice; [Ends.Probe] finds it out on no tag of anybody.
//
// In OpenShift's integrated registry image streams have the tags, and such plans are made
// from the cluster's objects; [IntegratedEnds] are the registry's part in them.
package fromregistry
