internal import Signing

/// The table, the items and the key of all rows.
enum Fixture {
    static let table = "Bench"
    static let service = "dynamodb"
    /// Items that are read, written and counted in turn. A power of two, so that the pool repeats evenly.
    static let itemCount = 256
    /// Items of the partition that Query reads.
    static let queryCount = 10
    /// The item's JSON: what GetItem answers and PutItem sends, but for the envelope.
    static let itemBytes = 1024
    /// The item that the rows for JSON alone read and write.
    static let codecItemBytes = 877
    static let credential = SigningCredential(
        accessKeyID: "BENCHROOTKEY00000001", secretAccessKey: "bench/secret/of/one/run/0123456789abcdef")
    static let regionName = "us-east-1"

    static let createTable = """
        {"TableName":"\(table)","BillingMode":"PAY_PER_REQUEST",\
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],\
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}
        """
    static let describeTable = #"{"TableName":"\#(table)"}"#

    /// PutItem of an item of `itemBytes`; two variants differ, so that a write writes something new.
    static func put(partition: String, sort: Int, variant: Int, itemBytes: Int = Self.itemBytes) -> String {
        #"{"TableName":"\#(self.table)","Item":\#(self.item(partition, sort, variant, bytes: itemBytes))}"#
    }

    static func get(partition: String, sort: Int) -> String {
        #"{"TableName":"\#(self.table)","Key":\#(self.key(partition, sort))}"#
    }

    /// Adds one to a counter.
    static func count(partition: String, sort: Int) -> String {
        """
        {"TableName":"\(self.table)","Key":\(self.key(partition, sort)),"UpdateExpression":"ADD hits :one",\
        "ExpressionAttributeValues":{":one":{"N":"1"}}}
        """
    }

    /// Two items put, a counter raised and an item checked, all or nothing.
    static func transaction(partition: String, number: Int, variant: Int, checking checked: String) -> String {
        let table = #""TableName":"\#(self.table)""#
        let puts = (0..<2).map {
            #"{"Put":{\#(table),"Item":\#(self.item(partition, 2 * number + $0, variant, bytes: self.itemBytes))}}"#
        }
        let update = """
            {"Update":{\(table),"Key":\(self.key("\(partition)-hits", number)),"UpdateExpression":"ADD hits :one",\
            "ExpressionAttributeValues":{":one":{"N":"1"}}}}
            """
        let check = """
            {"ConditionCheck":{\(table),"Key":\(self.key(checked, number)),\
            "ConditionExpression":"attribute_exists(pk)"}}
            """
        return #"{"TransactItems":[\#((puts + [update, check]).joined(separator: ","))]}"#
    }

    /// One partition, all its items.
    static func query(partition: String) -> String {
        """
        {"TableName":"\(self.table)","KeyConditionExpression":"pk = :pk",\
        "ExpressionAttributeValues":{":pk":{"S":"\(partition)"}}}
        """
    }

    private static func key(_ partition: String, _ sort: Int) -> String {
        #"{"pk":{"S":"\#(partition)"},"sk":{"S":"\#(self.sortText(sort))"}}"#
    }

    /// Of one width, so that every request of a pool has the same size.
    private static func sortText(_ sort: Int) -> String {
        "sort-\(10_000 + sort)"
    }

    /// Twenty attributes of all kinds; the description is as long as it takes to reach `bytes`.
    private static func item(_ partition: String, _ sort: Int, _ variant: Int, bytes: Int) -> String {
        func text(_ description: String) -> String {
            """
            {"pk":{"S":"\(partition)"},"sk":{"S":"\(self.sortText(sort))"},"title":{"S":"Bergamot, cold pressed"},\
            "description":{"S":"\(description)"},"price":{"N":"12.95"},"stock":{"N":"\(1000 + variant)"},\
            "rating":{"N":"4.75"},"weight":{"N":"0.25"},"active":{"BOOL":true},"hidden":{"BOOL":false},\
            "note":{"NULL":true},"tags":{"L":[{"S":"citrus"},{"S":"oil"},{"S":"organic"}]},\
            "address":{"M":{"street":{"S":"12 Quai"},"city":{"S":"Nantes"},"zip":{"S":"44000"}}},\
            "colours":{"SS":["amber","green"]},"sizes":{"NS":["10","50","100"]},\
            "created":{"S":"2026-01-02T03:04:05Z"},"updated":{"S":"2026-01-03T04:05:06Z"},\
            "owner":{"S":"user-4711"},"url":{"S":"https://example.com/p/1"},"digest":{"B":"AAECAwQFBgcICQoLDA0ODw=="}}
            """
        }
        let missing = bytes - text("").utf8.count
        precondition(missing >= 0, "the item has no room for its description")
        return text(String(repeating: "Pressed from ripe fruit. ", count: missing / 25 + 1).prefix(missing).description)
    }
}
