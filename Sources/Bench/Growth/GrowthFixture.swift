/// The tables of `Bench growth`: many small items, ten to a partition.
struct GrowthFixture {
    /// The JSON of one item, without its envelope.
    static let itemBytes = 200
    /// Items of one partition: what a Query reads.
    static let partitionCount = 10
    /// Keys that are asked for again and again: they fit into the store's cache however large the table is.
    static let workingSetCount = 256
    static let bucket = "bench-growth"

    /// Items of the table; a multiple of `partitionCount`.
    let itemCount: Int

    var table: String { "Growth\(self.itemCount)" }
    var objectKey: String { "items-\(self.itemCount).json" }

    /// One line of the object that is imported.
    func importLine(_ number: Int) -> String {
        let keys = "\"pk\":{\"S\":\"\(self.partition(number))\"},\"sk\":{\"S\":\"\(self.sort(number))\"}"
        let missing = Self.itemBytes - keys.utf8.count - 21
        return "{\"Item\":{\(keys),\"text\":{\"S\":\"\(String(repeating: "t", count: missing))\"}}}\n"
    }

    var startImport: String {
        """
        {"S3BucketSource":{"S3Bucket":"\(Self.bucket)","S3KeyPrefix":"\(self.objectKey)"},\
        "InputFormat":"DYNAMODB_JSON","TableCreationParameters":{"TableName":"\(self.table)",\
        "BillingMode":"PAY_PER_REQUEST",\
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],\
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}}
        """
    }

    func get(_ number: Int) -> String {
        """
        {"TableName":"\(self.table)","Key":{"pk":{"S":"\(self.partition(number))"},"sk":{"S":"\(self.sort(number))"}}}
        """
    }

    func query(_ number: Int) -> String {
        """
        {"TableName":"\(self.table)","KeyConditionExpression":"pk = :pk",\
        "ExpressionAttributeValues":{":pk":{"S":"\(self.partition(number))"}}}
        """
    }

    /// A page of Scan; `start` is the text of the page before's LastEvaluatedKey.
    func scan(from start: String?) -> String {
        let startKey = start.map { ",\"ExclusiveStartKey\":\($0)" } ?? ""
        return "{\"TableName\":\"\(self.table)\"\(startKey)}"
    }

    /// Items spread evenly over the table.
    var workingSet: [Int] {
        let count = min(Self.workingSetCount, self.itemCount)
        return (0..<count).map { $0 * (self.itemCount / count) }
    }

    private func partition(_ number: Int) -> String { "partition-\(10_000_000 + number / Self.partitionCount)" }

    private func sort(_ number: Int) -> String { "sort-\(number % Self.partitionCount)" }
}
