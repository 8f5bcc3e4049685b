/// A value without a schema: Smithy's `document`.
///
/// Not `indirect`: its arrays are on the heap anyway, and a box for each value would double the memory of a document of
/// many small ones.
package enum Document: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// The number's text, exactly as it was written.
    case number(String)
    case string(String)
    case array([Document])
    /// Members in their order; names are unique.
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: Document

        package init(_ name: String, _ value: Document) {
            self.name = name
            self.value = value
        }
    }
}

extension Document {
    /// The member of that name, if this is an object that has one.
    /// - Complexity: O(members).
    package subscript(name: String) -> Document? {
        guard case .object(let members) = self else { return nil }
        // Lengths first: most names already differ in them.
        let count = name.utf8.count
        for index in members.indices where members[index].name.utf8.count == count && members[index].name == name {
            return members[index].value
        }
        return nil
    }

    /// The members of an object, in order; empty for anything else.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of an array; empty for anything else.
    package var elements: [Document] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text, if this is a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The text of a number, as it was written.
    package var numberText: String? {
        if case .number(let text) = self { text } else { nil }
    }

    /// The value, if this is a whole number within the range of `Int`.
    package var integer: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    package var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    /// An object with these members, leaving out those that are nil.
    package static func object(_ members: KeyValuePairs<String, Document?>) -> Document {
        .object(members.compactMap { entry in entry.value.map { Member(entry.key, $0) } })
    }

    package static func number(_ value: Int) -> Document { .number(String(value)) }
}
