// A program that works with DynamoDB through the AWS SDK for Go, version 2, as Debian packages it.
//
//	program URL ACCESS_KEY_ID SECRET_ACCESS_KEY REGION CHECK TABLE
//
// It ends with a sentence and status 1 where an answer is not what AWS documents.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// Order is an item as programs declare it.
type Order struct {
	Customer string            `dynamodbav:"customer"`
	Number   int               `dynamodbav:"number"`
	Status   string            `dynamodbav:"status"`
	Total    float64           `dynamodbav:"total"`
	Tags     []string          `dynamodbav:"tags,stringset,omitempty"`
	Raw      []byte            `dynamodbav:"raw,omitempty"`
	Lines    []map[string]int  `dynamodbav:"lines,omitempty"`
	Notes    map[string]string `dynamodbav:"notes,omitempty"`
}

var (
	ctx    = context.Background()
	client *dynamodb.Client
	feed   *dynamodbstreams.Client
	table  string
)

func main() {
	if len(os.Args) != 7 {
		fail("usage: %s URL ACCESS_KEY_ID SECRET_ACCESS_KEY REGION CHECK TABLE", os.Args[0])
	}
	keys := credentials.NewStaticCredentialsProvider(os.Args[2], os.Args[3], "")
	client = dynamodb.New(dynamodb.Options{
		Region: os.Args[4], Credentials: keys, EndpointResolver: dynamodb.EndpointResolverFromURL(os.Args[1]),
		EnableAcceptEncodingGzip: true,
	})
	feed = dynamodbstreams.New(dynamodbstreams.Options{
		Region: os.Args[4], Credentials: keys, EndpointResolver: dynamodbstreams.EndpointResolverFromURL(os.Args[1]),
	})
	table = os.Args[6]
	checks := map[string]func(){
		"items": items, "conditions": conditions, "pages": pages, "batches": batches,
		"transactions": transactions, "statements": statements, "streams": changes, "errors": refusals,
	}
	check, ok := checks[os.Args[5]]
	if !ok {
		fail("no check %s", os.Args[5])
	}
	makeTable()
	check()
	_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table})
	must(err)
	must(dynamodb.NewTableNotExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, time.Minute))
}

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func expect(what string, got, wanted interface{}) {
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", wanted) {
		fail("%s: got %#v, wanted %#v", what, got, wanted)
	}
}

func makeTable() {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String("status"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("by-status"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("status"), KeyType: types.KeyTypeHash}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	})
	must(err)
	waiter := dynamodb.NewTableExistsWaiter(client, func(options *dynamodb.TableExistsWaiterOptions) {
		options.MinDelay = 10 * time.Millisecond
	})
	must(waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, time.Minute))
}

func key(customer string, number int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"customer": &types.AttributeValueMemberS{Value: customer},
		"number":   &types.AttributeValueMemberN{Value: fmt.Sprint(number)},
	}
}

func stored(order Order) map[string]types.AttributeValue {
	item, err := attributevalue.MarshalMap(order)
	must(err)
	return item
}

func put(order Order) {
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: stored(order)})
	must(err)
}

// fill puts the orders 0 to count - 1 of a customer, every third one open.
func fill(customer string, count int) {
	for number := 0; number < count; number++ {
		status := "closed"
		if number%3 == 0 {
			status = "open"
		}
		put(Order{Customer: customer, Number: number, Status: status, Total: 1.5, Raw: make([]byte, 2000)})
	}
}

func items() {
	order := Order{
		Customer: "ada", Number: 1, Status: "open", Total: 12.25, Tags: []string{"a", "b"}, Raw: []byte{0, 255},
		Lines: []map[string]int{{"apples": 3}, {"pears": 1}}, Notes: map[string]string{"gift": ""},
	}
	put(order)
	answer, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: key("ada", 1), ConsistentRead: aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	must(err)
	var found Order
	must(attributevalue.UnmarshalMap(answer.Item, &found))
	sort.Strings(found.Tags)
	expect("the item", found, order)
	expect("capacity", *answer.ConsumedCapacity.CapacityUnits, 1.0)
	update := expression.Set(expression.Name("total"), expression.Name("total").Plus(expression.Value(1.75))).
		Set(expression.Name("lines[0].apples"), expression.Value(4)).
		Add(expression.Name("tags"), expression.Value(&types.AttributeValueMemberSS{Value: []string{"c"}})).
		Remove(expression.Name("notes"))
	built, err := expression.NewBuilder().WithUpdate(update).
		WithCondition(expression.AttributeExists(expression.Name("customer"))).Build()
	must(err)
	updated, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: key("ada", 1), UpdateExpression: built.Update(),
		ConditionExpression: built.Condition(), ExpressionAttributeNames: built.Names(),
		ExpressionAttributeValues: built.Values(), ReturnValues: types.ReturnValueAllNew,
	})
	must(err)
	found = Order{}
	must(attributevalue.UnmarshalMap(updated.Attributes, &found))
	sort.Strings(found.Tags)
	expect("total", found.Total, 14.0)
	expect("apples", found.Lines[0]["apples"], 4)
	expect("tags", found.Tags, []string{"a", "b", "c"})
	expect("notes", len(found.Notes), 0)
	deleted, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &table, Key: key("ada", 1), ReturnValues: types.ReturnValueAllOld,
	})
	must(err)
	expect("what was deleted", len(deleted.Attributes), 7)
	// More than a page, compressed on its way, its checksum compared by the SDK.
	put(Order{Customer: "ada", Number: 2, Notes: map[string]string{"text": strings.Repeat("word ", 60000)}, Status: "x"})
	answer, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key("ada", 2)})
	must(err)
	found = Order{}
	must(attributevalue.UnmarshalMap(answer.Item, &found))
	expect("the long text", len(found.Notes["text"]), 300000)
}

func conditions() {
	put(Order{Customer: "ada", Number: 1, Status: "open"})
	condition, err := expression.NewBuilder().WithCondition(
		expression.AttributeNotExists(expression.Name("customer")),
	).Build()
	must(err)
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &table, Item: stored(Order{Customer: "ada", Number: 1, Status: "again"}),
		ConditionExpression: condition.Condition(), ExpressionAttributeNames: condition.Names(),
	})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		fail("wanted ConditionalCheckFailedException, got %v", err)
	}
	expect("the message", failed.ErrorMessage(), "The conditional request failed")
}

func pages() {
	fill("ada", 30)
	fill("eve", 5)
	built, err := expression.NewBuilder().WithKeyCondition(
		expression.Key("customer").Equal(expression.Value("ada")).And(
			expression.Key("number").Between(expression.Value(5), expression.Value(24))),
	).WithFilter(expression.Name("status").Equal(expression.Value("open"))).
		WithProjection(expression.NamesList(expression.Name("number"))).Build()
	must(err)
	query := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: &table, KeyConditionExpression: built.KeyCondition(), FilterExpression: built.Filter(),
		ProjectionExpression: built.Projection(), ExpressionAttributeNames: built.Names(),
		ExpressionAttributeValues: built.Values(), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(7),
	})
	numbers, scanned, pageCount := []int{}, int32(0), 0
	for query.HasMorePages() {
		page, err := query.NextPage(ctx)
		must(err)
		var orders []Order
		must(attributevalue.UnmarshalListOfMaps(page.Items, &orders))
		for _, order := range orders {
			numbers = append(numbers, order.Number)
		}
		scanned += page.ScannedCount
		pageCount++
	}
	expect("orders", numbers, []int{24, 21, 18, 15, 12, 9, 6})
	expect("scanned", scanned, int32(20))
	expect("pages", pageCount, 3)
	index := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: &table, IndexName: aws.String("by-status"), KeyConditionExpression: aws.String("#s = :s"),
		ExpressionAttributeNames:  map[string]string{"#s": "status"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":s": &types.AttributeValueMemberS{Value: "open"}},
		Limit:                     aws.Int32(5),
	})
	count := 0
	for index.HasMorePages() {
		page, err := index.NextPage(ctx)
		must(err)
		for _, item := range page.Items {
			expect("attributes of an entry of the index", len(item), 3)
		}
		count += len(page.Items)
	}
	expect("entries of the index", count, 12)
	count = 0
	for segment := int32(0); segment < 4; segment++ {
		scan := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
			TableName: &table, Segment: aws.Int32(segment), TotalSegments: aws.Int32(4), Limit: aws.Int32(6),
		})
		for scan.HasMorePages() {
			page, err := scan.NextPage(ctx)
			must(err)
			count += len(page.Items)
		}
	}
	expect("items of four segments", count, 35)
}

func batches() {
	requests := []types.WriteRequest{}
	for number := 0; number < 25; number++ {
		requests = append(requests, types.WriteRequest{
			PutRequest: &types.PutRequest{Item: stored(Order{Customer: "ada", Number: number, Status: "open"})},
		})
	}
	written, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{table: requests},
	})
	must(err)
	expect("what was not written", len(written.UnprocessedItems), 0)
	read, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{table: {
			Keys: []map[string]types.AttributeValue{key("ada", 3), key("ada", 24), key("ada", 99)},
		}},
	})
	must(err)
	expect("what was read", len(read.Responses[table]), 2)
	expect("what was not read", len(read.UnprocessedKeys), 0)
}

func transactions() {
	put(Order{Customer: "ada", Number: 1, Status: "open", Total: 10})
	write := []types.TransactWriteItem{
		{Put: &types.Put{TableName: &table, Item: stored(Order{Customer: "eve", Number: 1, Status: "open"})}},
		{Update: &types.Update{
			TableName: &table, Key: key("ada", 1), UpdateExpression: aws.String("SET #t = #t - :t"),
			ConditionExpression:                 aws.String("#t >= :t"),
			ExpressionAttributeNames:            map[string]string{"#t": "total"},
			ExpressionAttributeValues:           map[string]types.AttributeValue{":t": &types.AttributeValueMemberN{Value: "7"}},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
	}
	// The SDK makes a token of its own for each call.
	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: write})
	must(err)
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: write})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		fail("wanted TransactionCanceledException, got %v", err)
	}
	expect("reasons", len(cancelled.CancellationReasons), 2)
	expect("first reason", *cancelled.CancellationReasons[0].Code, "None")
	expect("second reason", *cancelled.CancellationReasons[1].Code, "ConditionalCheckFailed")
	var found Order
	must(attributevalue.UnmarshalMap(cancelled.CancellationReasons[1].Item, &found))
	expect("the item of the reason", found.Total, 3.0)
	token := dynamodb.TransactWriteItemsInput{TransactItems: write[:1], ClientRequestToken: aws.String("one-token")}
	_, err = client.TransactWriteItems(ctx, &token)
	must(err)
	token.TransactItems = []types.TransactWriteItem{{Delete: &types.Delete{TableName: &table, Key: key("eve", 1)}}}
	_, err = client.TransactWriteItems(ctx, &token)
	var mismatch *types.IdempotentParameterMismatchException
	if !errors.As(err, &mismatch) {
		fail("wanted IdempotentParameterMismatchException, got %v", err)
	}
	read, err := client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: &table, Key: key("eve", 1)}},
		{Get: &types.Get{TableName: &table, Key: key("eve", 2)}},
	}})
	must(err)
	expect("answers", []int{len(read.Responses[0].Item), len(read.Responses[1].Item)}, []int{4, 0})
}

func statements() {
	fill("ada", 5)
	statement := fmt.Sprintf(`SELECT "number" FROM "%s" WHERE customer = ? AND "number" > ?`, table)
	parameters := []types.AttributeValue{
		&types.AttributeValueMemberS{Value: "ada"}, &types.AttributeValueMemberN{Value: "1"},
	}
	input := dynamodb.ExecuteStatementInput{Statement: &statement, Parameters: parameters, Limit: aws.Int32(2)}
	count := 0
	for {
		page, err := client.ExecuteStatement(ctx, &input)
		must(err)
		count += len(page.Items)
		if page.NextToken == nil {
			break
		}
		input.NextToken = page.NextToken
	}
	expect("items", count, 3)
	insert := fmt.Sprintf(`INSERT INTO "%s" VALUE {'customer': 'ada', 'number': 1}`, table)
	_, err := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: &insert})
	var duplicate *types.DuplicateItemException
	if !errors.As(err, &duplicate) {
		fail("wanted DuplicateItemException, got %v", err)
	}
}

func changes() {
	put(Order{Customer: "ada", Number: 1, Status: "open"})
	put(Order{Customer: "ada", Number: 1, Status: "closed"})
	_, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key("ada", 1)})
	must(err)
	listed, err := feed.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: &table})
	must(err)
	expect("streams", len(listed.Streams), 1)
	described, err := feed.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: listed.Streams[0].StreamArn})
	must(err)
	names := []string{}
	for _, shard := range described.StreamDescription.Shards {
		iterator, err := feed.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: listed.Streams[0].StreamArn, ShardId: shard.ShardId,
			ShardIteratorType: streams.ShardIteratorTypeTrimHorizon,
		})
		must(err)
		records, err := feed.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
		must(err)
		for _, record := range records.Records {
			status := func(image map[string]streams.AttributeValue) string {
				if value, ok := image["status"].(*streams.AttributeValueMemberS); ok {
					return value.Value
				}
				return "-"
			}
			names = append(names, fmt.Sprintf("%s %s %s", record.EventName, status(record.Dynamodb.OldImage),
				status(record.Dynamodb.NewImage)))
		}
	}
	expect("records", names, []string{"INSERT - open", "MODIFY open closed", "REMOVE closed -"})
}

func refusals() {
	_, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("there-is-none"), Key: key("ada", 1),
	})
	var absent *types.ResourceNotFoundException
	if !errors.As(err, &absent) {
		fail("wanted ResourceNotFoundException, got %v", err)
	}
	expect("whose fault", absent.ErrorFault(), smithy.FaultClient)
	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("a"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("a"), KeyType: types.KeyTypeHash}},
	})
	var used *types.ResourceInUseException
	if !errors.As(err, &used) {
		fail("wanted ResourceInUseException, got %v", err)
	}
	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: key("ada", 1), UpdateExpression: aws.String("SET"),
	})
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		fail("wanted an error of the API, got %v", err)
	}
	expect("the code", refused.ErrorCode(), "ValidationException")
	if !strings.Contains(refused.ErrorMessage(), "Invalid UpdateExpression: Syntax error; token: \"<EOF>\"") {
		fail("got %s", refused.ErrorMessage())
	}
}
