internal import Primitives
internal import ServiceModel

/// Character data, references and attributes.
extension XMLParser {
    /// Character data up to the next markup.
    mutating func characters() throws(ShapeError) {
        let keepsText = self.keepsText
        var start = self.position
        while true {
            guard self.position < self.bytes.count else { throw self.broken("an element without an end") }
            let byte = self.bytes[self.position]
            switch byte {
            case UInt8(ascii: "<"):
                if keepsText { self.appendNormalised(start..<self.position) }
                return
            case UInt8(ascii: "&"):
                if keepsText { self.appendNormalised(start..<self.position) }
                let scalar = try self.reference()
                if keepsText { self.append(scalar) }
                start = self.position
            case UInt8(ascii: "]"):
                guard !self.startsWith("]]>") else { throw self.broken("the end of no CDATA section") }
                self.position += 1
            case 0x09, 0x0A, 0x0D:
                self.position += 1
            case 0..<0x20:
                throw self.broken("a control character")
            case 0xEF:
                guard !self.isNoncharacter(at: self.position) else { throw self.broken("a noncharacter") }
                self.position += 1
            default:
                self.position += 1
            }
        }
    }

    /// Appends source bytes with line ends normalised: CR LF and CR become LF.
    mutating func appendNormalised(_ range: Range<Int>) {
        guard self.bytes[range].contains(0x0D) else {
            self.tree.text.append(contentsOf: self.bytes[range])
            return
        }
        for index in range {
            if self.bytes[index] != 0x0D {
                self.tree.text.append(self.bytes[index])
            } else if index + 1 == range.upperBound || self.bytes[index + 1] != 0x0A {
                self.tree.text.append(0x0A)
            }
        }
    }

    mutating func append(_ scalar: Unicode.Scalar) {
        if let encoded = UTF8.encode(scalar) { self.tree.text.append(contentsOf: encoded) }
    }

    /// Reads a reference, `&…;`.
    private mutating func reference() throws(ShapeError) -> Unicode.Scalar {
        let start = self.position
        // `&#x10FFFF;` is the longest reference to a character, apart from leading zeros.
        let limit = min(self.bytes.count, start + 16)
        guard let end = self.bytes[start..<limit].firstIndex(of: UInt8(ascii: ";")) else {
            throw self.broken("a reference without an end")
        }
        let name = self.bytes[(start + 1)..<end]
        let scalar: Unicode.Scalar?
        if name.first == UInt8(ascii: "#") {
            scalar = Self.scalar(number: name.dropFirst())
        } else {
            scalar = Self.scalar(named: name)
        }
        guard let scalar else { throw self.broken("a reference to no character") }
        self.position = end + 1
        return scalar
    }

    private static func scalar(named name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        if name.elementsEqual("lt".utf8) { return "<" }
        if name.elementsEqual("gt".utf8) { return ">" }
        if name.elementsEqual("amp".utf8) { return "&" }
        if name.elementsEqual("quot".utf8) { return "\"" }
        return name.elementsEqual("apos".utf8) ? "'" : nil
    }

    private static func scalar(number: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let isHexadecimal = number.first == UInt8(ascii: "x")
        let digits = isHexadecimal ? number.dropFirst() : number
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for byte in digits {
            guard let digit = ASCII.hexValue(byte), isHexadecimal || digit < 10 else { return nil }
            value = value * (isHexadecimal ? 16 : 10) + UInt32(digit)
            guard value <= 0x10FFFF else { return nil }
        }
        return value == 0 ? nil : Unicode.Scalar(value)
    }

    /// Reads the attributes of the element whose start tag is being read.
    mutating func attributes(of element: Int) throws(ShapeError) {
        let first = Int(self.tree.elements[element].attributeStart)
        while true {
            let hasSpace = Self.isSpace(self.byte)
            self.skipSpace()
            guard self.position < self.bytes.count else { throw self.broken("the document ends within a tag") }
            if self.byte == UInt8(ascii: ">") || self.byte == UInt8(ascii: "/") { break }
            guard hasSpace else { throw self.broken("attributes without space between them") }
            guard self.tree.attributes.count - first < XMLLimits.attributeCountMax else {
                throw .limitExceeded("more than \(XMLLimits.attributeCountMax) attributes")
            }
            let attribute = try self.attribute()
            let name = self.bytes[Int(attribute.qualifiedStart)..<Int(attribute.nameEnd)]
            let isDuplicate = self.tree.attributes[first...].contains {
                self.bytes[Int($0.qualifiedStart)..<Int($0.nameEnd)].elementsEqual(name)
            }
            guard !isDuplicate else { throw self.broken("an attribute that occurs twice") }
            self.tree.attributes.append(attribute)
        }
        self.tree.elements[element].attributeEnd = Int32(self.tree.attributes.count)
    }

    private mutating func attribute() throws(ShapeError) -> XMLTree.Attribute {
        let name = try self.name()
        let local = try self.localStart(name)
        self.skipSpace()
        guard self.byte == UInt8(ascii: "=") else { throw self.broken("an attribute without a value") }
        self.position += 1
        self.skipSpace()
        let quote = self.byte
        guard quote == 0x22 || quote == 0x27 else { throw self.broken("an attribute's value without quotes") }
        self.position += 1
        let textStart = Int32(self.tree.text.count)
        try self.attributeValue(quote)
        return XMLTree.Attribute(
            nameStart: Int32(local), nameEnd: Int32(name.upperBound), qualifiedStart: Int32(name.lowerBound),
            textStart: textStart, textEnd: Int32(self.tree.text.count))
    }

    /// Reads the value up to its quote; white space becomes spaces, as XML requires.
    private mutating func attributeValue(_ quote: UInt8) throws(ShapeError) {
        while true {
            guard self.position < self.bytes.count else { throw self.broken("an attribute's value without an end") }
            let byte = self.bytes[self.position]
            switch byte {
            case quote:
                self.position += 1
                return
            case UInt8(ascii: "<"):
                throw self.broken("a < in an attribute's value")
            case UInt8(ascii: "&"):
                self.append(try self.reference())
            case 0x0D:
                self.tree.text.append(0x20)
                self.position += self.startsWith("\r\n") ? 2 : 1
            case 0x09, 0x0A:
                self.tree.text.append(0x20)
                self.position += 1
            case 0..<0x20:
                throw self.broken("a control character")
            default:
                guard byte != 0xEF || !self.isNoncharacter(at: self.position) else {
                    throw self.broken("a noncharacter")
                }
                self.tree.text.append(byte)
                self.position += 1
            }
        }
    }
}
