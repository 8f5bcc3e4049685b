import DynamoDBModel
import Testing

/// What CreateTable demands of attribute definitions and of the table's key.
struct KeyRuleTests {
    private static let invalid = "One or more parameter values were invalid: "

    @Test(
        arguments: [
            (
                defined("other"), [hash("pk")],
                invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], "
                    + "AttributeDefinitions: [other]"
            ),
            (
                defined("pk", "other"), [hash("pk"), range("sk")],
                invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk, sk], "
                    + "AttributeDefinitions: [pk, other]"
            ),
            ([], [hash("pk")], "Invalid KeySchema: Some index key attribute have no definition"),
            (
                defined("pk"), [hash("pk"), range("sk")],
                "Invalid KeySchema: Some index key attribute have no definition"
            ),
            (defined("pk", "pk"), [hash("pk")], "Attribute Name is duplicated: pk"),
            (
                defined("pk", "other"), [hash("pk")],
                invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                    + "AttributeDefinitions"
            ),
            (
                defined("pk", "other"), [hash("pk"), range("pk")],
                "Both the Hash Key and the Range Key element in the KeySchema have the same name"
            ),
            (defined("sk"), [range("sk")], "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
            (
                defined("pk", "sk"), [range("sk"), hash("pk")],
                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
            ),
            (
                defined("a", "b"), [hash("a"), hash("b")],
                "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
            ),
        ] as [([AttributeDefinition], [KeySchemaElement], String)])
    func `a key and its definitions must fit`(
        _ definitions: [AttributeDefinition], _ schema: [KeySchemaElement], _ sentence: String
    ) async {
        #expect(await TableFixture().refusal(tableInput("table", definitions, schema)) == sentence)
    }

    @Test func `what is missing is named, all at once`() async {
        #expect(
            await TableFixture().refusal(tableInput("table", nil, nil))
                == "2 validation errors detected: Value null at 'attributeDefinitions' failed to satisfy constraint: "
                + "Member must not be null; Value null at 'keySchema' failed to satisfy constraint: "
                + "Member must not be null"
        )
    }

    @Test func `a table's key has two attributes at most`() async {
        let input = tableInput("table", defined("a", "b", "c"), [hash("a"), range("b"), range("c")])
        #expect(
            await TableFixture().refusal(input)
                == "1 validation error detected: Value '[KeySchemaElement(attributeName=a, keyType=HASH), "
                + "KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]"
                + "' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"
        )
    }

    @Test(arguments: ["ab", String(repeating: "a", count: 256), ""])
    func `a table's name has three to 255 characters`(_ name: String) async {
        #expect(
            await TableFixture().refusal(tableInput(name))
                == "TableName must be at least 3 characters long and at most 255 characters long"
        )
    }

    @Test(arguments: ["abc", "A.b_c-9", String(repeating: "a", count: 255)])
    func `a lawful name is taken`(_ name: String) async throws {
        #expect(try await TableFixture().create(tableInput(name))?.tableName == name)
    }

    @Test(arguments: ["abc;", "abc/def", "tablé"])
    func `a name of other characters is refused`(_ name: String) async {
        #expect(
            await TableFixture().refusal(tableInput(name))
                == "1 validation error detected: Value '\(name)' at 'tableName' failed to satisfy constraint: "
                + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )
    }
}
