import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

private let arn = tableARN("items")

/// What the policy of a table can ask about the items of a request.
struct ItemConditionTests {
    private let tables = TableFixture()

    /// The table `items` with indexes, and a policy that asks about items and denies nothing.
    private func create() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("*", #"{"StringEquals":{"dynamodb:LeadingKeys":"nobody"}}"#)
    }

    private func deny(_ action: String, _ condition: String, resource: String = "*") async throws {
        let policy = tablePolicy("Deny", "dynamodb:\(action)", resource: resource, condition: condition)
        try await self.tables.putPolicy(arn, policy, confirmed: true)
    }

    /// The keys of each access, in the order of the accesses, without those that were not asked for.
    private func keys(
        _ operation: String, _ input: any ReadableShape
    ) async throws -> [[String: [String]]] {
        let accesses = try await self.tables.service.conditionedAccess(operation, input, self.tables.context)
        return accesses.map { access in
            Dictionary(uniqueKeysWithValues: access.conditionKeys.map { ($0.key.text, $0.value) })
        }
    }

    private func isDenied(_ operation: String, _ input: any ReadableShape) async -> Bool {
        let error = await refused { () throws(ServiceError) in
            try await self.tables.ask(operation, input, as: self.tables.context)
        }
        return error?.code == "AccessDeniedException"
    }

    private func get(_ partition: String, _ change: (inout GetItemInput) -> Void = { _ in }) -> GetItemInput {
        var input = GetItemInput(tableName: "items", key: item(key(partition, 1)))
        change(&input)
        return input
    }

    // The keys of each operation

    @Test func `GetItem names its partition, its attributes and what is returned`() async throws {
        try await self.create()
        let input = self.get("a") {
            $0.projectionExpression = "#n.b, c[0]"
            $0.expressionAttributeNames = ["#n": "name"]
            $0.returnConsumedCapacity = .total
        }
        #expect(
            try await self.keys("GetItem", input) == [
                [
                    "dynamodb:LeadingKeys": ["a"], "dynamodb:FirstPartitionKeyValues": ["a"],
                    "dynamodb:Attributes": ["pk", "sk", "name", "c"], "dynamodb:Select": ["SPECIFIC_ATTRIBUTES"],
                    "dynamodb:ReturnConsumedCapacity": ["TOTAL"],
                ]
            ])
        let whole = try await self.keys("GetItem", self.get("a"))
        #expect(whole[0]["dynamodb:Select"] == ["ALL_ATTRIBUTES"])
        #expect(whole[0]["dynamodb:ReturnConsumedCapacity"] == ["NONE"])
        let legacy = try await self.keys("GetItem", self.get(arn) { $0.attributesToGet = ["x"] })
        #expect(legacy[0]["dynamodb:Attributes"] == ["pk", "sk", "x"])
        #expect(legacy[0]["dynamodb:Select"] == ["SPECIFIC_ATTRIBUTES"])
    }

    @Test func `writes name what they write, and what their conditions ask of the item`() async throws {
        try await self.create()
        var put = PutItemInput(tableName: "items", item: item(key("a", 1) + [("x", .s("1"))]))
        put.conditionExpression = "attribute_not_exists(y.z)"
        put.returnValues = .allOld
        let written = try await self.keys("PutItem", put)
        #expect(written[0]["dynamodb:LeadingKeys"] == ["a"])
        #expect(written[0]["dynamodb:Attributes"] == ["pk", "sk", "x", "y"])
        #expect(written[0]["dynamodb:ReturnValues"] == ["ALL_OLD"])
        #expect(written[0]["dynamodb:Select"] == nil)
        var update = UpdateItemInput(tableName: "items", key: item(key("a", 1)))
        update.updateExpression = "SET v = if_not_exists(w, :one) REMOVE u[1]"
        update.expressionAttributeValues = item([(":one", int(1))])
        let updated = try await self.keys("UpdateItem", update)
        #expect(updated[0]["dynamodb:Attributes"].map(Set.init) == ["pk", "sk", "v", "w", "u"])
        #expect(updated[0]["dynamodb:ReturnValues"] == ["NONE"])
        var delete = DeleteItemInput(tableName: "items", key: item(key("a", 1)))
        delete.expected = ["t": ExpectedAttributeValue(exists: false)]
        #expect(try await self.keys("DeleteItem", delete)[0]["dynamodb:Attributes"] == ["pk", "sk", "t"])
    }

    @Test func `a Query names the partition of the table or of the index, a Scan none`() async throws {
        try await self.create()
        var query = QueryInput(tableName: "items")
        query.keyConditionExpression = "pk = :p AND sk > :s"
        query.filterExpression = "x = :p"
        query.expressionAttributeValues = item([(":p", .s("a")), (":s", int(1))])
        let own = try await self.keys("Query", query)
        #expect(own[0]["dynamodb:LeadingKeys"] == ["a"])
        #expect(own[0]["dynamodb:Attributes"] == ["pk", "sk", "x"])
        #expect(own[0]["dynamodb:Select"] == ["ALL_ATTRIBUTES"])
        var index = QueryInput(tableName: "items", indexName: "global")
        index.keyConditions = [
            "gp": DynamoDBModel.Condition(
                attributeValueList: [BoundAttributeValue(.s("g"))], comparisonOperator: .eq)
        ]
        let other = try await self.keys("Query", index)
        #expect(other[0]["dynamodb:LeadingKeys"] == ["g"])
        #expect(other[0]["dynamodb:Select"] == ["ALL_PROJECTED_ATTRIBUTES"])
        var scan = ScanInput(tableName: "items", select: .count)
        scan.filterExpression = "attribute_exists(x)"
        #expect(
            try await self.keys("Scan", scan) == [
                [
                    "dynamodb:Attributes": ["x"], "dynamodb:Select": ["COUNT"],
                    "dynamodb:ReturnConsumedCapacity": ["NONE"],
                ]
            ])
    }

    @Test func `an index with several partition attributes has a key for each`() async throws {
        var table = tableInput("items", defined("pk", "a", "b", "c", "d"), [hash("pk")])
        table.globalSecondaryIndexes = [globalIndex("four", [hash("a"), hash("b"), hash("c"), hash("d")])]
        try await self.tables.create(table)
        try await self.deny("*", #"{"StringEquals":{"dynamodb:LeadingKeys":"nobody"}}"#)
        var query = QueryInput(tableName: "items", indexName: "four")
        query.keyConditionExpression = "a = :a AND b = :b AND c = :c AND d = :d"
        query.expressionAttributeValues = item([":a", ":b", ":c", ":d"].map { ($0, .s(String($0.dropFirst()))) })
        let keys = try await self.keys("Query", query)[0]
        let names = [
            "LeadingKeys", "FirstPartitionKeyValues", "SecondPartitionKeyValues", "ThirdPartitionKeyValues",
            "FourthPartitionKeyValues",
        ]
        #expect(names.map { keys["dynamodb:\($0)"] } == [["a"], ["a"], ["b"], ["c"], ["d"]])
    }

    @Test func `a batch has one access for each table, with all its partitions`() async throws {
        try await self.create()
        try await self.tables.create(tableInput("other"))
        let read = BatchGetItemInput(requestItems: [
            "items": KeysAndAttributes(keys: [key("a", 1), key("b", 1), key("a", 2)].map(item)),
            "other": KeysAndAttributes(keys: [item([("pk", .s("x"))])]),
        ])
        let keys = try await self.keys("BatchGetItem", read)
        #expect(keys.map { $0["dynamodb:LeadingKeys"] } == [["a", "b"], nil])
        #expect(keys[0]["dynamodb:Select"] == ["ALL_ATTRIBUTES"])
        // Nobody asks about the other table.
        #expect(keys[1].isEmpty)
        let write = BatchWriteItemInput(requestItems: [
            "items": [
                WriteRequest(putRequest: PutRequest(item: item(key("a", 1) + [("x", .null)]))),
                WriteRequest(deleteRequest: DeleteRequest(key: item(key("b", 1)))),
            ]
        ])
        let written = try await self.keys("BatchWriteItem", write)
        #expect(written.map { $0["dynamodb:LeadingKeys"] } == [["a", "b"]])
        #expect(written[0]["dynamodb:Attributes"] == ["pk", "sk", "x"])
    }

    @Test func `a table that a batch reads by name and by ARN has an access for each selection`() async throws {
        try await self.create()
        let whole = KeysAndAttributes(keys: [item(key("a", 1))])
        let part = KeysAndAttributes(keys: [item(key("b", 1))], projectionExpression: "x")
        let keys = try await self.keys("BatchGetItem", BatchGetItemInput(requestItems: [arn: whole, "items": part]))
        #expect(
            keys.map { $0["dynamodb:Select"] } == [["ALL_ATTRIBUTES"], ["SPECIFIC_ATTRIBUTES"]])
        #expect(keys.map { $0["dynamodb:LeadingKeys"] } == [["a"], ["b"]])
    }

    @Test func `a transaction has one access for each action on a table, and its name`() async throws {
        try await self.create()
        let items = [
            TransactWriteItem(put: Put(item: item(key("a", 1)), tableName: "items")),
            TransactWriteItem(put: Put(item: item(key("b", 1)), tableName: arn)),
            TransactWriteItem(
                conditionCheck: ConditionCheck(
                    key: item(key("c", 1)), tableName: "items", conditionExpression: "attribute_exists(x)")),
        ]
        let accesses = try await self.tables.service.conditionedAccess(
            "TransactWriteItems", TransactWriteItemsInput(transactItems: items), self.tables.context)
        #expect(accesses.map(\.action) == ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"])
        #expect(accesses.map { $0.conditionKeys["dynamodb:LeadingKeys"] } == [["a", "b"], ["c"]])
        #expect(accesses.allSatisfy { $0.conditionKeys["dynamodb:EnclosingOperation"] == ["TransactWriteItems"] })
        #expect(accesses[1].conditionKeys["dynamodb:Attributes"] == ["pk", "sk", "x"])
        let gets = [("a", nil), ("b", "x")].map { partition, projection in
            TransactGetItem(
                get: Get(key: item(key(partition, 1)), tableName: "items", projectionExpression: projection))
        }
        let read = try await self.keys("TransactGetItems", TransactGetItemsInput(transactItems: gets))
        #expect(
            read.map { $0["dynamodb:Select"] } == [["ALL_ATTRIBUTES"], ["SPECIFIC_ATTRIBUTES"]])
        #expect(read.allSatisfy { $0["dynamodb:EnclosingOperation"] == ["TransactGetItems"] })
    }

    @Test(
        arguments: [
            ("SELECT x FROM items WHERE pk = ? AND y > 1", ["a"], ["pk", "y", "x"], "false"),
            ("SELECT * FROM items WHERE pk IN ['b', ?]", ["b", "a"], ["pk"], "false"),
            ("SELECT * FROM items WHERE x = ?", nil, ["x"], "true"),
            ("SELECT * FROM items.\"global\" WHERE gp = ?", ["a"], ["gp"], "false"),
        ] as [(String, [String]?, [String], String)])
    func `a SELECT says which partitions it reads, or that it reads them all`(
        _ text: String, _ leading: [String]?, _ attributes: [String], _ isScan: String
    ) async throws {
        try await self.create()
        let input = ExecuteStatementInput(statement: text, parameters: [BoundAttributeValue(.s("a"))])
        let keys = try await self.keys("ExecuteStatement", input)[0]
        #expect(keys["dynamodb:LeadingKeys"] == leading)
        #expect(keys["dynamodb:Attributes"] == attributes)
        #expect(keys["dynamodb:FullTableScan"] == [isScan])
    }

    @Test func `writing statements name their item and what they return`() async throws {
        try await self.create()
        func keys(_ text: String) async throws -> [String: [String]] {
            try await self.keys("ExecuteStatement", ExecuteStatementInput(statement: text))[0]
        }
        let insert = try await keys("INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'x': 2}")
        #expect(insert["dynamodb:LeadingKeys"] == ["a"])
        #expect(insert["dynamodb:Attributes"] == ["pk", "sk", "x"])
        #expect(insert["dynamodb:ReturnValues"] == nil)
        let update = try await keys(
            "UPDATE items SET x.y = z + 1 REMOVE w WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED OLD *")
        #expect(update["dynamodb:LeadingKeys"] == ["a"])
        #expect(update["dynamodb:Attributes"].map(Set.init) == ["pk", "sk", "x", "z", "w"])
        #expect(update["dynamodb:ReturnValues"] == ["UPDATED_OLD"])
        let delete = try await keys("DELETE FROM items WHERE pk = 'a' AND sk = 1")
        #expect(delete["dynamodb:LeadingKeys"] == ["a"])
        #expect(delete["dynamodb:ReturnValues"] == ["NONE"])
        let transaction = ExecuteTransactionInput(
            transactStatements: ["a", "b"].map {
                ParameterizedStatement(statement: "DELETE FROM items WHERE pk = '\($0)' AND sk = 1")
            })
        let together = try await self.keys("ExecuteTransaction", transaction)
        #expect(together.map { $0["dynamodb:LeadingKeys"] } == [["a", "b"]])
        #expect(together[0]["dynamodb:EnclosingOperation"] == ["ExecuteTransaction"])
    }

    @Test func `numbers and binary keys are compared as texts`() async throws {
        for (type, value, text) in [
            (.n, number("1.50"), "1.5"), (.b, AttributeValue.b([0xFF, 0]), "/wA="),
        ] as [(ScalarAttributeType, AttributeValue, String)] {
            let name = "table-\(type.rawValue)"
            let definition = AttributeDefinition(attributeName: "pk", attributeType: type)
            try await self.tables.create(tableInput(name, [definition]))
            try await self.tables.putPolicy(
                tableARN(name),
                tablePolicy(
                    "Deny", "dynamodb:GetItem", resource: "*",
                    condition: #"{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"\#(text)"}}"#))
            let input = GetItemInput(tableName: name, key: item([("pk", value)]))
            #expect(await self.isDenied("GetItem", input))
        }
    }

    // Denies

    @Test func `a deny of attributes holds for a check whose values are nested too deeply for an item`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("*", #"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["secret"]}}"#)
        let deep = (0..<40).reduce(AttributeValue.null) { value, _ in .l([value]) }
        for (attribute, isDenied) in [("secret", true), ("open", false)] {
            let check = ConditionCheck(
                key: item(key("a", 1)), tableName: "items", conditionExpression: "\(attribute) <> :d",
                expressionAttributeValues: item([(":d", deep)]))
            let input = TransactWriteItemsInput(transactItems: [TransactWriteItem(conditionCheck: check)])
            #expect(await self.isDenied("TransactWriteItems", input) == isDenied)
        }
    }

    @Test func `a deny of partitions holds for every way to reach them`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("*", #"{"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":["secret*"]}}"#)
        for (partition, isDenied) in [("secret-1", true), ("open", false)] {
            let own = item(key(partition, 1))
            #expect(await self.isDenied("GetItem", GetItemInput(tableName: "items", key: own)) == isDenied)
            #expect(await self.isDenied("PutItem", PutItemInput(tableName: "items", item: own)) == isDenied)
            #expect(await self.isDenied("GetItem", GetItemInput(tableName: arn, key: own)) == isDenied)
            let batch = BatchGetItemInput(requestItems: [
                "items": KeysAndAttributes(keys: [item(key("open", 2)), own])
            ])
            #expect(await self.isDenied("BatchGetItem", batch) == isDenied)
            let transaction = TransactWriteItemsInput(transactItems: [
                TransactWriteItem(put: Put(item: item(key("open", 3)), tableName: "items")),
                TransactWriteItem(put: Put(item: own, tableName: "items")),
            ])
            #expect(await self.isDenied("TransactWriteItems", transaction) == isDenied)
            var query = QueryInput(tableName: "items", keyConditionExpression: "pk = :p")
            query.expressionAttributeValues = item([(":p", .s(partition))])
            #expect(await self.isDenied("Query", query) == isDenied)
            let select = ExecuteStatementInput(statement: "SELECT * FROM items WHERE pk = '\(partition)'")
            #expect(await self.isDenied("ExecuteStatement", select) == isDenied)
        }
    }

    @Test func `everything but a caller's own partition can be denied`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("GetItem", #"{"ForAnyValue:StringNotEquals":{"dynamodb:LeadingKeys":"${aws:username}"}}"#)
        func isDenied(_ name: String, _ partition: String) async -> Bool {
            await refused { () throws(ServiceError) in
                try await self.tables.ask("GetItem", self.get(partition), as: TableFixture.userContext(name))
            }?.code == "AccessDeniedException"
        }
        #expect(await !isDenied("ana", "ana"))
        #expect(await isDenied("ana", "bob"))
        #expect(await isDenied("bob", "ana"))
    }

    @Test func `attributes can be denied, and reads that do not say which they want`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("GetItem", #"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["ssn"]}}"#)
        #expect(await self.isDenied("GetItem", self.get("a") { $0.projectionExpression = "ssn.x" }))
        #expect(await !self.isDenied("GetItem", self.get("a") { $0.projectionExpression = "x" }))
        // What the request does not name is not asked about.
        #expect(await !self.isDenied("GetItem", self.get("a")))
        try await self.deny("GetItem", #"{"StringNotEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}"#)
        #expect(await self.isDenied("GetItem", self.get("a")))
        #expect(await !self.isDenied("GetItem", self.get("a") { $0.projectionExpression = "x" }))
    }

    @Test(
        arguments: [
            (#"{"StringEquals":{"dynamodb:ReturnValues":["ALL_OLD","ALL_NEW"]}}"#, true),
            (#"{"StringEquals":{"dynamodb:ReturnValues":"NONE"}}"#, false),
            (#"{"StringEquals":{"dynamodb:ReturnConsumedCapacity":"TOTAL"}}"#, true),
            (#"{"Null":{"dynamodb:EnclosingOperation":"true"}}"#, true),
            (#"{"StringEquals":{"dynamodb:EnclosingOperation":"TransactWriteItems"}}"#, false),
            (#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["pk","sk"]}}"#, true),
            (#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["pk"]}}"#, false),
            (#"{"ForAllValues:StringEquals":{"dynamodb:FirstPartitionKeyValues":["a"]}}"#, true),
            (#"{"Null":{"dynamodb:SecondPartitionKeyValues":"false"}}"#, false),
        ] as [(String, Bool)])
    func `each key can be denied`(_ condition: String, _ isDenied: Bool) async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("PutItem", condition)
        var input = PutItemInput(tableName: "items", item: item(key("a", 1)))
        input.returnValues = .allOld
        input.returnConsumedCapacity = .total
        #expect(await self.isDenied("PutItem", input) == isDenied)
    }

    @Test func `transactions alone can be allowed, and scans of whole tables denied`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny("PutItem", #"{"StringNotEquals":{"dynamodb:EnclosingOperation":"TransactWriteItems"}}"#)
        let put = Put(item: item(key("a", 1)), tableName: "items")
        #expect(await self.isDenied("PutItem", PutItemInput(tableName: "items", item: put.item)))
        let together = TransactWriteItemsInput(transactItems: [TransactWriteItem(put: put)])
        #expect(await !self.isDenied("TransactWriteItems", together))
        try await self.deny("PartiQLSelect", #"{"Bool":{"dynamodb:FullTableScan":"true"}}"#)
        func select(_ end: String) -> ExecuteStatementInput {
            ExecuteStatementInput(statement: "SELECT * FROM items\(end)")
        }
        #expect(await self.isDenied("ExecuteStatement", select("")))
        #expect(await self.isDenied("ExecuteStatement", select(" WHERE x = 1")))
        #expect(await !self.isDenied("ExecuteStatement", select(" WHERE pk = 'a'")))
    }

    @Test func `tags of a request can be denied`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        try await self.deny(
            "TagResource",
            #"{"StringEquals":{"aws:RequestTag/team":"red"},"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}"#)
        func tag(_ value: String) -> TagResourceInput {
            TagResourceInput(resourceARN: arn, tags: [Tag(key: "team", value: value)])
        }
        #expect(await self.isDenied("TagResource", tag("red")))
        #expect(await !self.isDenied("TagResource", tag("blue")))
    }

    @Test func `tags whose keys only look alike do not hide one another from policies`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        func tag(_ tags: (key: String, value: String)...) -> TagResourceInput {
            TagResourceInput(resourceARN: arn, tags: tags.map { Tag(key: $0.key, value: $0.value) })
        }
        try await self.deny("TagResource", #"{"StringEquals":{"aws:RequestTag/\#(composed)":"red"}}"#)
        #expect(await !self.isDenied("TagResource", tag((composed, "green"), (decomposed, "red"))))
        #expect(await self.isDenied("TagResource", tag((composed, "red"), (decomposed, "blue"))))
        #expect(await self.isDenied("TagResource", tag((decomposed, "blue"), (composed, "red"))))
    }

    @Test func `keys are not worked out where no policy asks for them`() async throws {
        try await self.tables.create(ItemFixture.indexed)
        #expect(try await self.keys("GetItem", self.get("a")) == [[:]])
        try await self.deny("PutItem", #"{"StringEquals":{"aws:username":"ana"}}"#)
        #expect(try await self.keys("GetItem", self.get("a")) == [[:]])
    }
}
