package import ServiceModel

/// The elements of one XML document, in flat arrays, in the order of their start tags.
///
/// A tree is needed because a structure's members may come in any order and the elements of a flattened list need not
/// be adjacent. It is bounded by the size of the document: an element takes 40 bytes and at least 4 bytes of text.
package struct XMLTree: Sendable {
    /// One element. All positions are 32-bit: no body comes near that size.
    struct Element: Sendable {
        /// The name without its prefix, in `source`.
        var nameStart: Int32
        var nameEnd: Int32
        /// The character data of an element without children, in `text`.
        var textStart: Int32
        var textEnd: Int32
        var attributeStart: Int32
        var attributeEnd: Int32
        /// -1 for none.
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
    }

    struct Attribute: Sendable {
        /// The name without its prefix, in `source`.
        var nameStart: Int32
        var nameEnd: Int32
        /// The start of the name with its prefix.
        var qualifiedStart: Int32
        /// The value, in `text`.
        var textStart: Int32
        var textEnd: Int32
    }

    let source: [UInt8]
    /// Character data and attribute values, with references resolved.
    var text: [UInt8] = []
    var elements: [Element] = []
    var attributes: [Attribute] = []

    init(source: [UInt8]) {
        self.source = source
    }

    /// Parses a whole document.
    /// - Throws: `malformed` for what is not well-formed XML 1.0 in UTF-8, and for any document type declaration;
    ///   `limitExceeded` beyond `XMLLimits`.
    package init(parsing bytes: [UInt8]) throws(ShapeError) {
        var parser = XMLParser(bytes)
        self = try parser.parse()
    }

    func name(_ element: Int32) -> ArraySlice<UInt8> {
        let element = self.elements[Int(element)]
        return self.source[Int(element.nameStart)..<Int(element.nameEnd)]
    }

    func isNamed(_ element: Int32, _ name: some Collection<UInt8>) -> Bool {
        let element = self.elements[Int(element)]
        let start = Int(element.nameStart)
        guard Int(element.nameEnd) - start == name.count else { return false }
        var position = start
        for byte in name {
            if self.source[position] != byte { return false }
            position += 1
        }
        return true
    }

    /// The first element of that name among `first` and its next siblings; -1 for none.
    func find(_ name: some Collection<UInt8>, from first: Int32) -> Int32 {
        var index = first
        while index >= 0, !self.isNamed(index, name) {
            index = self.elements[Int(index)].nextSibling
        }
        return index
    }

    /// Whether the attribute declares a namespace.
    func isDeclaration(_ attribute: Attribute) -> Bool {
        let name = self.source[Int(attribute.qualifiedStart)..<Int(attribute.nameEnd)]
        return name.starts(with: "xmlns".utf8) && (name.count == 5 || name.dropFirst(5).first == UInt8(ascii: ":"))
    }
}

/// Limits on XML documents, besides the size of the body, which the gateway bounds.
package enum XMLLimits {
    /// The deepest nesting of elements.
    package static let depthMax = 128
    /// S3's largest documents have 1,000 to 10,000 entries of a few elements.
    package static let elementCountMax = 500_000
    /// Attributes of one element.
    package static let attributeCountMax = 32
}
