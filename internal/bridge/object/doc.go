// Package object is the Bridge Node's object model and storage engine: one model under the S3 and the
// Google Cloud Storage fronts, which keep their own words to themselves.
//
// It promises that an acknowledged write survives a crash, that no wrong byte is ever served, and that
// usage is exact to the byte. It imports the leaf packages only.
package object
