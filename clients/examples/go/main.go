// Describes a job and invites a candidate: go run . [-address HOST:PORT] [-tls] [-role trainee] [-candidate c-1042]
package main

//go:generate buf generate
//go:generate cp ../../python/viva_client/service_config.json gen/

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	_ "embed"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	viva "vivaexample/gen/viva/v1"
)

// What is safe to call again; gRPC retries it, and nothing else.
//
//go:embed gen/service_config.json
var serviceConfig string

func main() {
	address := flag.String("address", or(os.Getenv("VIVA_ADDRESS"), "localhost:18500"), "HOST:PORT")
	secure := flag.Bool("tls", false, "use TLS; without it the server must be on this machine")
	roleID := flag.String("role", "trainee", "your id of the role")
	candidateID := flag.String("candidate", "c-1042", "your id of the candidate")
	flag.Parse()

	transport := local.NewCredentials()
	if *secure {
		transport = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	connection, err := grpc.Dial(
		*address, grpc.WithTransportCredentials(transport), grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if key := os.Getenv("VIVA_API_KEY"); key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}

	interview, err := invite(ctx, connection, *roleID, *candidateID)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", explain(err))
		os.Exit(1)
	}
	fmt.Println(interview.Name)
	for _, question := range interview.Questions {
		fmt.Printf("  %s: %s\n", question.QuestionId, question.Text)
	}
}

// invite makes the role, or takes the one that is there, and an interview for it.
func invite(ctx context.Context, connection *grpc.ClientConn, roleID, candidateID string) (*viva.Interview, error) {
	roles := viva.NewRolesClient(connection)
	role, err := roles.CreateRole(ctx, &viva.CreateRoleRequest{
		Parent:    "tenants/-", // the tenant of the API key
		RoleId:    roleID,
		RequestId: requestID(), // every attempt carries the same, so that a retry makes nothing twice
		Role: &viva.Role{
			DisplayName: "Management trainee",
			Content: &viva.RoleContent{
				Competencies: []*viva.CompetencyWeight{{Competency: "teamwork"}},
				Languages:    []string{"en"},
				Questions: []*viva.Question{{
					QuestionId: "conflict",
					Competency: "teamwork",
					Language:   "en",
					Text:       "Tell me about a conflict in your team.",
				}},
			},
		},
	})
	if status.Code(err) == codes.AlreadyExists {
		role, err = roles.GetRole(ctx, &viva.GetRoleRequest{Name: "tenants/-/roles/" + roleID})
	}
	if err != nil {
		return nil, err
	}
	return viva.NewInterviewsClient(connection).CreateInterview(ctx, &viva.CreateInterviewRequest{
		Parent:    "tenants/-",
		RequestId: requestID(),
		Interview: &viva.Interview{
			Candidate:    "tenants/-/candidates/" + candidateID,
			RoleRevision: role.Name,
			Consents: &viva.Consents{
				Analysis:   proto.Bool(true),
				Voice:      proto.Bool(true),
				NoticeTime: timestamppb.Now(),
			},
		},
	})
}

// explain gives the reason and the fields at fault of an error.
func explain(err error) string {
	text := status.Convert(err).Message()
	for _, detail := range status.Convert(err).Details() {
		switch one := detail.(type) {
		case *errdetails.ErrorInfo:
			text = one.Reason + ": " + text
		case *errdetails.BadRequest:
			for _, violation := range one.FieldViolations {
				text += fmt.Sprintf(" [%s: %s]", violation.Field, violation.Description)
			}
		}
	}
	return text
}

// requestID is a UUID, version 4.
func requestID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		log.Fatal(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func or(value, fallback string) string {
	if value != "" {
		return value
	}
	return fallback
}
