package object

type background struct{}

func (e *Engine) startBackground(bool)            {}
func (e *Engine) stopBackground()                 {}
func (e *Engine) wakeCompactor()                  {}
func (e *Engine) preloadBuckets([]*segment) error { return nil }
