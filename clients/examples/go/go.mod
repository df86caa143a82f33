module vivaexample

go 1.19

// The oldest gRPC that the example was compiled with; `go get -u && go mod tidy` takes today's.
require (
	google.golang.org/genproto v0.0.0-20200526211855-cb27e3aa2013
	google.golang.org/grpc v1.33.3
	google.golang.org/protobuf v1.28.1
)
