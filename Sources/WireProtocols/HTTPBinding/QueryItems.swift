internal import Primitives

/// The decoded parameters of a raw query or of a form, in order.
package struct QueryItems: Sendable, Equatable {
    /// One parameter.
    package struct Item: Sendable, Equatable {
        package var name: String
        /// Empty also for a parameter without `=`.
        package var value: String
    }

    package private(set) var items: [Item] = []
    /// Whether a parameter has a malformed escape or is not UTF-8; such parameters are omitted.
    package private(set) var isMalformed = false

    package init(_ query: String) {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let mark = pair.firstIndex(of: UInt8(ascii: "="))
            let name = Self.decode(pair[..<(mark ?? pair.endIndex)])
            let value = mark.map { Self.decode(pair[pair.index(after: $0)...]) } ?? ""
            if let name, let value {
                self.items.append(Item(name: name, value: value))
            } else {
                self.isMalformed = true
            }
        }
    }

    private static func decode(_ text: Substring.UTF8View) -> String? {
        PercentEncoding.decodeText(Substring(text), plusIsSpace: true)
    }

    /// All values of a name, in order.
    package func values(_ name: String) -> [String] {
        self.items.lazy.filter { $0.name == name }.map(\.value)
    }
}
