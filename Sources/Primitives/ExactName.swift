/// A name that equals another only if their UTF-8 is the same, which is how AWS compares names.
///
/// `String` also treats canonically equivalent texts as equal, such as "é" as one scalar and as "e" with an accent. In
/// a dictionary or a set of strings, two such attributes or tags would become one.
package struct ExactName: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    package var description: String { self.text }

    package static func == (left: ExactName, right: ExactName) -> Bool {
        ByteScan.areEqual(left.text.utf8.span, right.text.utf8.span)
    }

    package static func < (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Not the hash of `String`, which is the same for all canonically equivalent texts: a client could send many.
    package func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
