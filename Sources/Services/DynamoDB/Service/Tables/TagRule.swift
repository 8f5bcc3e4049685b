internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The rules for tags and their number.
///
/// - Source: DynamoDB Developer Guide, "Tagging restrictions"; the sentences as AWS answered a laboratory of the AWS
///   Controllers for Kubernetes in October 2026.
enum TagRule {
    static let countMax = 50
    static let keyCharactersMax = 128
    static let valueCharactersMax = 256

    /// The tags of a request; either all or none are accepted.
    static func tags(_ given: [DynamoDBModel.Tag]) throws(ValidationFailure) -> [TableTag] {
        var tags: [TableTag] = []
        var keys: Set<ExactName> = []
        for tag in given {
            guard let key = tag.key else { throw ValidationFailure("The Tag Key provided is invalid, Key: null") }
            try self.checkKey(key)
            guard let value = tag.value else {
                throw ValidationFailure("The Tag Value provided is invalid, Value: null")
            }
            guard value.unicodeScalars.count <= self.valueCharactersMax, self.hasLawfulCharacters(value) else {
                throw ValidationFailure("The Tag Value provided is invalid, Value: \(value)")
            }
            guard keys.insert(ExactName(key)).inserted else {
                throw ValidationFailure("Duplicate Tag Keys provided as input: Duplicate Tag Key found \(key)")
            }
            tags.append(TableTag(key: key, value: value))
        }
        try self.checkCount(tags.count)
        return tags
    }

    /// IAM's condition keys for the tags in a request; empty when it has none.
    static func conditionKeys(_ tags: [DynamoDBModel.Tag]) -> [ExactName: [String]] {
        guard !tags.isEmpty else { return [:] }
        var keys: [ExactName: [String]] = ["aws:TagKeys": tags.compactMap(\.key)]
        for tag in tags {
            if let key = tag.key, let value = tag.value { keys[ExactName("aws:RequestTag/\(key)")] = [value] }
        }
        return keys
    }

    static func checkKey(_ key: String) throws(ValidationFailure) {
        guard (1...self.keyCharactersMax).contains(key.unicodeScalars.count), self.hasLawfulCharacters(key) else {
            throw ValidationFailure("The Tag Key provided is invalid, Key: \(key)")
        }
        guard !key.lowercased().hasPrefix("aws:") else {
            throw ValidationFailure("Tag Key cannot be prefixed with aws:, Key: \(key)")
        }
    }

    static func checkCount(_ count: Int) throws(ValidationFailure) {
        guard count <= self.countMax else {
            throw ValidationFailure("Number of Tags exceed the current limit for the provided ResourceArn")
        }
    }

    /// Letters, digits and spaces of any script, and `_ . : / = + - @`.
    private static func hasLawfulCharacters(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            if "_.:/=+-@".unicodeScalars.contains(scalar) { return true }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
                return true
            default:
                return false
            }
        }
    }
}

extension [TableTag] {
    /// Adds tags; existing keys get the new values in place.
    mutating func set(_ tags: [TableTag]) {
        for tag in tags {
            let key = ExactName(tag.key)
            if let index = self.firstIndex(where: { ExactName($0.key) == key }) {
                self[index].value = tag.value
            } else {
                self.append(tag)
            }
        }
    }
}
