internal import DynamoDBValues
internal import Primitives

/// Items as Amazon Ion text, in the form of AWS's exports: strings, bools, decimals, blobs, lists and structs, and sets
/// as lists annotated with their type.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB table export output format", "Amazon Ion"; Ion's
///   specification of text.
enum IonText {
    /// The beginning of each line.
    static let versionMarker = Array("$ion_1_0 ".utf8)

    static func append(_ item: AttributeMap, to output: inout [UInt8]) {
        self.append(item.tree, to: &output)
    }

    private static func append(_ tree: AttributeTree, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        for (index, entry) in tree.entries.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            self.appendName(entry.name, to: &output)
            output.append(UInt8(ascii: ":"))
            self.append(entry.value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func append(_ value: AttributeValue, to output: inout [UInt8]) {
        switch value {
        case .s(let text): self.append(text, quote: UInt8(ascii: "\""), to: &output)
        case .n(let number): output += self.decimal(number)
        case .b(let bytes): output += Array("{{\(Base64.encode(bytes))}}".utf8)
        case .bool(let isTrue): output += Array(isTrue ? "true".utf8 : "false".utf8)
        case .null: output += Array("null".utf8)
        case .m(let tree): self.append(tree, to: &output)
        case .l(let elements): self.append(elements, to: &output)
        case .ss(let members): self.append(members.map { .s($0) }, "SS", to: &output)
        case .ns(let members): self.append(members.map { .n($0) }, "NS", to: &output)
        case .bs(let members): self.append(members.map { .b($0) }, "BS", to: &output)
        }
    }

    private static func append(_ elements: [AttributeValue], _ set: String? = nil, to output: inout [UInt8]) {
        if let set { output += Array("$dynamodb_\(set)::".utf8) }
        output.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            self.append(element, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    /// The form in which Ion's Java library writes decimals, as in AWS's example: `103.`, `6d2`, `1.5`.
    static func decimal(_ number: DynamoDBNumber) -> [UInt8] {
        let digits = String(number.coefficient)
        var text = number.isNegative ? "-" : ""
        let point = digits.utf8.count + number.exponent
        if number.exponent > 0 {
            text += "\(digits)d\(number.exponent)"
        } else if point > 0 {
            text += "\(digits.prefix(point)).\(digits.dropFirst(point))"
        } else if point > -6 {
            text += "0." + String(repeating: "0", count: -point) + digits
        } else {
            text += "\(digits)d\(number.exponent)"
        }
        return Array(text.utf8)
    }

    /// The name of a field: a symbol, quoted unless it is a plain one.
    private static func appendName(_ name: String, to output: inout [UInt8]) {
        if self.isPlain(Array(name.utf8)) {
            output += Array(name.utf8)
        } else {
            self.append(name, quote: UInt8(ascii: "'"), to: &output)
        }
    }

    private static func isPlain(_ name: [UInt8]) -> Bool {
        guard let first = name.first, !ASCII.isDigit(first), name.allSatisfy(self.isWord) else { return false }
        // A dollar sign followed by digits stands for the symbol with that number.
        if first == UInt8(ascii: "$"), name.dropFirst().allSatisfy(ASCII.isDigit) { return false }
        return !["null", "true", "false", "nan"].contains { $0.utf8.elementsEqual(name) }
    }

    static func isWord(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
    }

    private static func append(_ text: String, quote: UInt8, to output: inout [UInt8]) {
        output.append(quote)
        for byte in text.utf8 {
            switch byte {
            case quote, UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7F: output += Array("\\x\(Hex.encode(CollectionOfOne(byte)))".utf8)
            default: output.append(byte)
            }
        }
        output.append(quote)
    }
}
