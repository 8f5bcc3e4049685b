internal import Primitives
internal import ServiceModel

/// Parses XML 1.0 from UTF-8 bytes into a tree: strictly, in one pass, without recursion.
///
/// Document type declarations are refused, so there are only XML's five predefined entities; processing instructions
/// and comments are skipped.
/// DEVIATION: references to control characters are accepted as in XML 1.1, because S3 keys may contain them and S3
/// writes them this way.
struct XMLParser {
    private struct OpenElement {
        var index: Int32
        /// The name with its prefix, in the source.
        var qualifiedName: Range<Int>
        var lastChild: Int32 = -1
    }

    let bytes: [UInt8]
    var position = 0
    var tree: XMLTree
    private var open: [OpenElement] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.tree = XMLTree(source: bytes)
    }

    mutating func parse() throws(ShapeError) -> XMLTree {
        guard self.bytes.count < Int(Int32.max) else { throw .limitExceeded("an XML document of 2 GiB") }
        do {
            _ = try UTF8Span(validating: self.bytes.span)
        } catch {
            throw self.broken("text that is not UTF-8")
        }
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.position = 3 }
        try self.declaration()
        try self.misc()
        guard self.byte == UInt8(ascii: "<") else { throw self.broken("no root element") }
        try self.startTag()
        while !self.open.isEmpty {
            try self.content()
        }
        try self.misc()
        guard self.position == self.bytes.count else { throw self.broken("something after the root element") }
        return self.tree
    }

    /// The byte at the position; 0 at the end, a byte that is not valid in a document.
    var byte: UInt8 {
        self.position < self.bytes.count ? self.bytes[self.position] : 0
    }

    func broken(_ what: String) -> ShapeError {
        .malformed("\(what) at byte \(self.position)")
    }

    func startsWith(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard self.bytes.count - self.position >= count else { return false }
        return unsafe self.bytes[self.position..<(self.position + count)].elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: count))
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    mutating func skipSpace() {
        while Self.isSpace(self.byte) { self.position += 1 }
    }

    // The XML declaration: version, encoding, standalone.
    private mutating func declaration() throws(ShapeError) {
        guard self.startsWith("<?xml"), self.position + 5 < self.bytes.count,
            Self.isSpace(self.bytes[self.position + 5])
        else { return }
        self.position += 5
        let end = try self.find("?>", from: self.position, what: "an XML declaration without an end")
        let text = self.bytes[self.position..<end]
        guard text.allSatisfy({ $0 >= 0x20 || Self.isSpace($0) }) else { throw self.broken("a control character") }
        if let encoding = Self.pseudoAttribute("encoding", in: text) {
            let name = String(decoding: encoding.map(ASCII.lowercased), as: UTF8.self)
            guard name == "utf-8" || name == "us-ascii" || name == "ascii" else {
                throw self.broken("an encoding other than UTF-8")
            }
        }
        self.position = end + 2
    }

    private static func pseudoAttribute(_ name: String, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let target = Array(name.utf8)
        var rest = text
        while let start = rest.firstIndex(of: target[0]) {
            rest = rest[start...]
            if rest.starts(with: target) {
                let value = rest.dropFirst(target.count).drop { self.isSpace($0) }
                guard value.first == UInt8(ascii: "=") else { return nil }
                let quoted = value.dropFirst().drop { self.isSpace($0) }
                guard let quote = quoted.first, quote == 0x22 || quote == 0x27 else { return nil }
                return quoted.dropFirst().prefix { $0 != quote }
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// White space, comments and processing instructions outside the root element.
    private mutating func misc() throws(ShapeError) {
        while true {
            self.skipSpace()
            if self.startsWith("<!--") {
                try self.comment()
            } else if self.startsWith("<?") {
                try self.processingInstruction()
            } else if self.startsWith("<!") {
                throw self.broken("a document type declaration")
            } else {
                return
            }
        }
    }

    private mutating func comment() throws(ShapeError) {
        let end = try self.find("--", from: self.position + 4, what: "a comment without an end")
        try self.checkCharacters(self.position..<end)
        guard end + 2 < self.bytes.count, self.bytes[end + 2] == UInt8(ascii: ">") else {
            throw self.broken("two hyphens in a comment")
        }
        self.position = end + 3
    }

    private mutating func processingInstruction() throws(ShapeError) {
        let start = self.position
        self.position += 2
        let name = try self.name()
        let isReserved = name.count == 3 && self.bytes[name].map(ASCII.lowercased).elementsEqual("xml".utf8)
        guard !isReserved else { throw self.broken("a misplaced XML declaration") }
        let end = try self.find("?>", from: self.position, what: "an instruction without an end")
        try self.checkCharacters(start..<end)
        self.position = end + 2
    }

    /// The position of the next occurrence of a two-byte text.
    private func find(_ text: StaticString, from start: Int, what: String) throws(ShapeError) -> Int {
        let first = unsafe text.utf8Start[0]
        let second = unsafe text.utf8Start[1]
        var index = start
        while index + 1 < self.bytes.count {
            if self.bytes[index] == first, self.bytes[index + 1] == second { return index }
            index += 1
        }
        throw self.broken(what)
    }

    /// Checks that a range of bytes contains no character that XML forbids.
    func checkCharacters(_ range: Range<Int>) throws(ShapeError) {
        for index in range {
            let byte = self.bytes[index]
            guard byte >= 0x20 || Self.isSpace(byte) else { throw self.broken("a control character") }
            guard byte != 0xEF || !self.isNoncharacter(at: index) else { throw self.broken("a noncharacter") }
        }
    }

    /// Whether U+FFFE or U+FFFF is at the index.
    func isNoncharacter(at index: Int) -> Bool {
        index + 2 < self.bytes.count && self.bytes[index] == 0xEF && self.bytes[index + 1] == 0xBF
            && self.bytes[index + 2] >= 0xBE
    }

    /// A name with its prefix, if it has one.
    mutating func name() throws(ShapeError) -> Range<Int> {
        let start = self.position
        guard Self.isNameStart(self.byte) else { throw self.broken("a name that begins with no letter") }
        while Self.isNameStart(self.byte) || ASCII.isDigit(self.byte) || self.byte == 0x2D || self.byte == 0x2E {
            self.position += 1
        }
        return start..<self.position
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
    }

    /// The start of the local name, after its prefix.
    func localStart(_ name: Range<Int>) throws(ShapeError) -> Int {
        guard let colon = self.bytes[name].firstIndex(of: UInt8(ascii: ":")) else { return name.lowerBound }
        let local = colon + 1
        guard colon > name.lowerBound, local < name.upperBound, Self.isNameStart(self.bytes[local]),
            !self.bytes[local..<name.upperBound].contains(UInt8(ascii: ":"))
        else { throw self.broken("a misplaced colon in a name") }
        return local
    }

    /// Reads one piece of the open element's content.
    private mutating func content() throws(ShapeError) {
        guard self.byte == UInt8(ascii: "<") else { return try self.characters() }
        guard self.position + 1 < self.bytes.count else { throw self.broken("the document ends within a tag") }
        switch self.bytes[self.position + 1] {
        case UInt8(ascii: "/"):
            try self.endTag()
        case UInt8(ascii: "?"):
            try self.processingInstruction()
        case UInt8(ascii: "!"):
            if self.startsWith("<!--") { return try self.comment() }
            guard self.startsWith("<![CDATA[") else { throw self.broken("a declaration within an element") }
            try self.literalSection()
        default:
            try self.startTag()
        }
    }

    /// Whether the open element has no child elements so far, so that its text is its value.
    var keepsText: Bool {
        self.open.last.map { $0.lastChild < 0 } ?? false
    }

    private mutating func literalSection() throws(ShapeError) {
        let start = self.position + 9
        var end = try self.find("]]", from: start, what: "a CDATA section without an end")
        while end + 2 < self.bytes.count, self.bytes[end + 2] != UInt8(ascii: ">") {
            end = try self.find("]]", from: end + 1, what: "a CDATA section without an end")
        }
        guard end + 2 < self.bytes.count else { throw self.broken("a CDATA section without an end") }
        try self.checkCharacters(start..<end)
        if self.keepsText { self.appendNormalised(start..<end) }
        self.position = end + 3
    }

    private mutating func startTag() throws(ShapeError) {
        self.position += 1
        let name = try self.name()
        let local = try self.localStart(name)
        guard self.tree.elements.count < XMLLimits.elementCountMax else {
            throw .limitExceeded("more than \(XMLLimits.elementCountMax) elements")
        }
        guard self.open.count < XMLLimits.depthMax else {
            throw .limitExceeded("nesting of more than \(XMLLimits.depthMax)")
        }
        let index = Int32(self.tree.elements.count)
        self.link(index)
        let attributeStart = Int32(self.tree.attributes.count)
        self.tree.elements.append(
            XMLTree.Element(
                nameStart: Int32(local), nameEnd: Int32(name.upperBound), textStart: 0, textEnd: 0,
                attributeStart: attributeStart, attributeEnd: attributeStart))
        try self.attributes(of: Int(index))
        let isEmpty = self.byte == UInt8(ascii: "/")
        if isEmpty { self.position += 1 }
        guard self.byte == UInt8(ascii: ">") else { throw self.broken("a tag without an end") }
        self.position += 1
        self.tree.elements[Int(index)].textStart = Int32(self.tree.text.count)
        self.tree.elements[Int(index)].textEnd = Int32(self.tree.text.count)
        if !isEmpty { self.open.append(OpenElement(index: index, qualifiedName: name)) }
    }

    /// Adds a new element to the open one, whose text so far was only white space between elements.
    private mutating func link(_ index: Int32) {
        guard let parent = self.open.last else { return }
        if parent.lastChild < 0 {
            let textStart = Int(self.tree.elements[Int(parent.index)].textStart)
            self.tree.text.removeSubrange(textStart...)
            self.tree.elements[Int(parent.index)].firstChild = index
        } else {
            self.tree.elements[Int(parent.lastChild)].nextSibling = index
        }
        self.open[self.open.count - 1].lastChild = index
    }

    private mutating func endTag() throws(ShapeError) {
        guard let element = self.open.last else { throw self.broken("an end tag without a start") }
        self.position += 2
        let name = try self.name()
        guard self.bytes[name].elementsEqual(self.bytes[element.qualifiedName]) else {
            throw self.broken("an end tag of another name")
        }
        self.skipSpace()
        guard self.byte == UInt8(ascii: ">") else { throw self.broken("a tag without an end") }
        self.position += 1
        if element.lastChild < 0 {
            self.tree.elements[Int(element.index)].textEnd = Int32(self.tree.text.count)
        }
        self.open.removeLast()
    }
}
