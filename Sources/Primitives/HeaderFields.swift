/// The header fields of one HTTP message, in the order in which they arrived.
///
/// Names compare without regard to ASCII case (RFC 9110, 5.1). A message has few fields, so a lookup is a linear
/// search: faster than hashing below some thirty fields, and without allocation.
package struct HeaderFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var fields: [Field]

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.fields = elements.map { Field($0.0, $0.1) }
    }

    package var count: Int { self.fields.count }

    package mutating func reserveCapacity(_ count: Int) {
        self.fields.reserveCapacity(count)
    }

    /// Adds a line, also when the name is already there.
    package mutating func append(_ name: String, _ value: String) {
        self.fields.append(Field(name, value))
    }

    /// Replaces every line of that name by one.
    package mutating func set(_ name: String, _ value: String) {
        self.remove(name)
        self.fields.append(Field(name, value))
    }

    package mutating func remove(_ name: String) {
        self.fields.removeAll { Self.equalNames($0.name, name) }
    }

    /// The lines whose names are wanted, in order.
    package func filter(_ isWanted: (_ name: String) -> Bool) -> HeaderFields {
        var wanted = HeaderFields()
        wanted.reserveCapacity(self.fields.count)
        let fields = self.fields.span
        for index in fields.indices where isWanted(fields[index].name) { wanted.fields.append(fields[index]) }
        return wanted
    }

    /// The value of the first line of that name.
    /// - Complexity: O(number of fields), no allocation.
    package func first(_ name: String) -> String? {
        // Over the span: an iterator would retain both strings of each field.
        let fields = self.fields.span
        for index in fields.indices where Self.equalNames(fields[index].name, name) { return fields[index].value }
        return nil
    }

    /// Every value of that name, in order.
    package func all(_ name: String) -> [String] {
        self.fields.lazy.filter { Self.equalNames($0.name, name) }.map(\.value)
    }

    package func contains(_ name: String) -> Bool {
        self.first(name) != nil
    }

    /// Whether two field names are the same, ASCII case aside.
    package static func equalNames(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && self.isName(left, startingWith: right)
    }

    /// Whether a field name begins with a prefix, ASCII case aside.
    package static func isName(_ name: String, startingWith prefix: String) -> Bool {
        let name = name.utf8.span
        let prefix = prefix.utf8.span
        guard name.count >= prefix.count else { return false }
        for index in prefix.indices {
            let (byte, other) = (name[index], prefix[index])
            guard byte == other || ASCII.lowercased(byte) == ASCII.lowercased(other) else { return false }
        }
        return true
    }

    /// Whether the name of any field begins so.
    /// - Complexity: O(number of fields), no allocation.
    package func hasName(startingWith prefix: String) -> Bool {
        let fields = self.fields.span
        for index in fields.indices where Self.isName(fields[index].name, startingWith: prefix) { return true }
        return false
    }
}
