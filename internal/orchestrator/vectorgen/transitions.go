package main

type transitions struct {
	Cases []struct{} `json:"cases"`
}

func transitionFile() transitions { return transitions{} }
