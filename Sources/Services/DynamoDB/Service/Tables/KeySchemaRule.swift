internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The order and number of a key's elements.
enum KeySchemaRule {
    /// Tables and local indexes: one HASH, optionally followed by one RANGE.
    static func checkOrder(_ schema: [KeySchemaElement]) throws(ValidationFailure) {
        guard let first = schema.first else { throw self.firstIsNotHash }
        if schema.count == 2, ExactName(first.attributeName) == ExactName(schema[1].attributeName) {
            throw self.sameName
        }
        guard first.keyType == .hash else { throw self.firstIsNotHash }
        guard schema.count < 2 || schema[1].keyType == .range else {
            throw ValidationFailure("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        }
    }

    /// Global indexes: up to four HASH, followed by up to four RANGE.
    static func checkGlobalOrder(_ schema: [KeySchemaElement]) throws(ValidationFailure) {
        guard let first = schema.first else { throw self.firstIsNotHash }
        guard Set(schema.map { ExactName($0.attributeName) }).count == schema.count else {
            guard schema.count == 2, schema[1].keyType == .range else {
                throw ValidationFailure("The KeySchema contains multiple key attributes with the same name")
            }
            throw self.sameName
        }
        guard first.keyType == .hash else { throw self.firstIsNotHash }
        let hashes = schema.prefix { $0.keyType == .hash }
        let ranges = schema.dropFirst(hashes.count)
        guard ranges.allSatisfy({ $0.keyType == .range }) else {
            throw .invalid("All HASH key attributes must precede RANGE key attributes in the KeySchema")
        }
        guard hashes.count <= KeySchema.elementCountMax else { throw self.tooMany("HASH") }
        guard ranges.count <= KeySchema.elementCountMax else { throw self.tooMany("RANGE") }
    }

    private static let sameName = ValidationFailure(
        "Both the Hash Key and the Range Key element in the KeySchema have the same name"
    )
    private static let firstIsNotHash = ValidationFailure(
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
    )

    private static func tooMany(_ keyType: String) -> ValidationFailure {
        .invalid("The KeySchema exceeds the maximum allowed number of \(keyType) key attributes")
    }
}
