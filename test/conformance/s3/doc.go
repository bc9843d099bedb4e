// Package s3 drives the S3 front with the real clients that people use: aws cli, boto3, rclone, restic, s5cmd and the Go
// SDK, each against a front on a real engine. install.sh installs the tools; a tool that is missing skips its
// test. FLASHBACK_S3_FULL=1 runs with a file of 200 MB and 500 small ones instead of 20 MB and 50.
package s3
