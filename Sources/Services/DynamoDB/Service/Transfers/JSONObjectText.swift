internal import Primitives

/// Writes one JSON object, member by member.
struct JSONObjectText {
    private var output: [UInt8] = [UInt8(ascii: "{")]

    var bytes: [UInt8] { self.output + [UInt8(ascii: "}")] }

    mutating func add(_ name: String, _ value: Int) {
        self.name(name)
        self.output.append(contentsOf: String(value).utf8)
    }

    mutating func add(_ name: String, _ value: String?) {
        self.name(name)
        guard let value else { return self.output.append(contentsOf: "null".utf8) }
        self.text(value)
    }

    /// A value that is JSON already.
    mutating func add(_ name: String, json: [UInt8]) {
        self.name(name)
        self.output += json
    }

    private mutating func name(_ name: String) {
        if self.output.count > 1 { self.output.append(UInt8(ascii: ",")) }
        self.text(name)
        self.output.append(UInt8(ascii: ":"))
    }

    private mutating func text(_ value: String) {
        self.output.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: self.output.append(contentsOf: "\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
            default: self.output.append(byte)
            }
        }
        self.output.append(UInt8(ascii: "\""))
    }
}
