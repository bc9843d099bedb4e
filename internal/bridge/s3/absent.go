package s3

import "net/http"

// This file answers for what the node does not have: reads as Amazon answers an account that never configured it,
// writes with NotImplemented, removals of nothing with success.

var notArchived = refuse(403, "InvalidObjectState", "Restore is not allowed for the object's current storage class")

const allBlocked = "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>" +
	"<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>"

// inBucket does f when the bucket exists.
func inBucket(f func(*call) error) func(*call) error {
	return func(c *call) error {
		if _, err := c.store.GetBucket(c.r.Context(), c.who.Space, c.bucket); err != nil {
			return err
		}
		if c.key != "" {
			if _, err := c.store.Stat(c.r.Context(), c.object(), 0); err != nil {
				return err
			}
		}
		return f(c)
	}
}

// missing refuses with r when what the request names exists.
func missing(r *refusal) func(*call) error {
	return inBucket(func(*call) error { return r })
}

func unimplemented(why string) func(*call) error {
	r := notImplemented.because("%s", why)
	return func(*call) error { return r }
}

// preflight answers a browser that asks whether it may: no bucket allows it.
func (c *call) preflight() error {
	switch method := headerOf(c.r, "Access-Control-Request-Method"); {
	case headerOf(c.r, "Origin") == "":
		return refuse(400, "BadRequest", "Insufficient information. Origin request header needed.")
	case method != "GET" && method != "PUT" && method != "POST" && method != "DELETE" && method != "HEAD":
		return refuse(400, "BadRequest", "Invalid Access-Control-Request-Method: "+clip(method))
	}
	return accessForbidden
}

func writeNot(what string) operation {
	return operation{action: Configure, do: unimplemented(what + " cannot be configured on this node.")}
}

// constant answers with a document of fixed content.
func constant(root, content string) func(*call) error {
	return inBucket(func(c *call) error {
		x := newXML()
		x.root(root)
		x.b = append(x.b, content...)
		x.close(root)
		return c.document(http.StatusOK, x)
	})
}

// absent is a document of a bucket that is never there.
func absent(r *refusal, what string) methods {
	return methods{
		"GET":    {action: List, do: missing(r)},
		"PUT":    writeNot(what),
		"DELETE": {action: Configure, do: inBucket(func(c *call) error { return c.empty(http.StatusNoContent) })},
	}
}

// absentByID is a set of named documents that is always empty.
func absentByID(root, what string) methods {
	none := constant(root, "<IsTruncated>false</IsTruncated>")
	return methods{
		"GET": {action: List, do: func(c *call) error {
			if c.query.has("id") {
				return missing(noSuchConfiguration)(c)
			}
			return none(c)
		}},
		"PUT":    writeNot(what),
		"DELETE": {action: Configure, do: missing(noSuchConfiguration)},
	}
}

// getACL shows the only list of access there is: the owner's full control.
func (c *call) getACL() error {
	return inBucket(func(c *call) error {
		x := newXML()
		x.root("AccessControlPolicy")
		x.owner("Owner", c.who.Owner)
		x.open("AccessControlList")
		x.open("Grant")
		x.b = append(x.b, `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">`...)
		x.text("ID", c.who.Owner)
		x.text("DisplayName", c.who.Owner)
		x.close("Grantee")
		x.text("Permission", "FULL_CONTROL")
		x.close("Grant")
		x.close("AccessControlList")
		x.close("AccessControlPolicy")
		return c.document(http.StatusOK, x)
	})(c)
}

// putACL accepts what is so anyway; access is given by grants on chain.
func (c *call) putACL() error {
	return inBucket(func(c *call) error {
		if headerOf(c.r, "X-Amz-Acl") == "" {
			return aclNotSupported
		}
		if err := c.checkACL(); err != nil {
			return err
		}
		return c.empty(http.StatusOK)
	})(c)
}

// checkACL refuses headers that would give access to others.
func (c *call) checkACL() error {
	switch headerOf(c.r, "X-Amz-Acl") {
	case "", "private", "bucket-owner-full-control":
	default:
		return aclNotSupported
	}
	for _, name := range [...]string{"X-Amz-Grant-Full-Control", "X-Amz-Grant-Read", "X-Amz-Grant-Read-Acp", "X-Amz-Grant-Write", "X-Amz-Grant-Write-Acp"} {
		if len(c.r.Header[name]) > 0 {
			return aclNotSupported
		}
	}
	return nil
}
