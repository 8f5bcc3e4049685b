internal import Primitives
internal import ServiceModel

extension JSONScanner {
    /// The longest number that a document keeps, in bytes; a longer one is refused.
    private static let numberBytesMax = 1024

    mutating func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        guard self.peek() == UInt8(ascii: "\"") else { throw try self.mismatch(.string, member.name) }
        return try self.readPlainString()
    }

    mutating func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        guard self.peek() == UInt8(ascii: "\"") else { throw try self.mismatch(.string, member.name) }
        try self.readStringBytes(appendingTo: &output)
    }

    mutating func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        switch self.peek() {
        case UInt8(ascii: "t"):
            try self.skipLiteral("true")
            return true
        case UInt8(ascii: "f"):
            try self.skipLiteral("false")
            return false
        default: throw try self.mismatch(.boolean, member.name)
        }
    }

    mutating func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        let type = member.target.type
        guard self.isAtNumber else { throw try self.mismatch(type, member.name) }
        let number = try self.scanNumber()
        let text = self.bytes[number.start..<number.end]
        guard let decimal = NumberText.decimal(text), decimal.isIntegral || self.strictness == .coral,
            let value = decimal.truncated(), NumberText.range(of: type)?.contains(value) ?? true
        else {
            throw .invalidValue(self.text(of: number), expected: type, member: member.name)
        }
        return value
    }

    mutating func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        let type = member.target.type
        if self.peek() == UInt8(ascii: "\"") {
            let text = try self.readPlainString()
            switch text {
            case "NaN": return .nan
            case "Infinity": return .infinity
            case "-Infinity": return -.infinity
            default: throw .typeMismatch(found: .string, expected: type, member: member.name)
            }
        }
        guard self.isAtNumber else { throw try self.mismatch(type, member.name) }
        let number = try self.scanNumber()
        guard number.end - number.start <= Self.numberBytesMax, let value = Double(self.text(of: number)) else {
            throw .invalidValue(self.text(of: number), expected: type, member: member.name)
        }
        return value
    }

    mutating func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        guard self.isAtNumber else { throw try self.mismatch(member.target.type, member.name) }
        let number = try self.scanNumber()
        guard number.end - number.start <= Self.numberBytesMax else {
            throw .limitExceeded("a number longer than \(Self.numberBytesMax) characters")
        }
        return self.text(of: number)
    }

    mutating func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        let format = member.timestampFormat ?? .epochSeconds
        let time: Timestamp?
        let text: String
        if format == .epochSeconds {
            guard self.isAtNumber else { throw try self.mismatch(.timestamp, member.name) }
            let number = try self.scanNumber()
            text = self.text(of: number)
            time = TimestampText.parse(self.bytes[number.start..<number.end], as: .epochSeconds)
        } else {
            text = try self.readString(member)
            time = TimestampText.parse(text.utf8.map(\.self), as: format)
        }
        guard let time else { throw .invalidValue(text, expected: .timestamp, member: member.name) }
        return time
    }

    mutating func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        guard self.peek() == UInt8(ascii: "\"") else { throw try self.mismatch(.blob, member.name) }
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        if end < self.bytes.count, self.bytes[end] == UInt8(ascii: "\"") {
            self.position = end + 1
            if let blob = Base64.decode(self.bytes[start..<end]) { return blob }
            throw .invalidValue(
                String(decoding: self.bytes[start..<end], as: UTF8.self), expected: .blob, member: member.name)
        }
        let text = try self.readPlainString()
        guard let blob = Base64.decode(Array(text.utf8)) else {
            throw .invalidValue(text, expected: .blob, member: member.name)
        }
        return blob
    }

    mutating func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        guard self.documentValuesLeft > 0 else {
            throw .limitExceeded("a document of too many values")
        }
        self.documentValuesLeft -= 1
        switch self.peek() {
        case UInt8(ascii: "{"): return .object(try self.readObject(member))
        case UInt8(ascii: "["):
            try self.open(UInt8(ascii: "["), .document, member.name)
            var elements: [Document] = []
            while try self.advance(UInt8(ascii: "]")) {
                elements.append(try self.readDocument(member))
            }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try self.readPlainString())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try self.readBoolean(member))
        case UInt8(ascii: "n"):
            try self.skipLiteral("null")
            return .null
        default: return .number(try self.readBigNumber(member))
        }
    }

    /// Reads an object and keeps only the named members of this object, not of nested ones; nil keeps all.
    mutating func readObject(
        _ member: MemberSchema, keeping names: [String]? = nil
    ) throws(ShapeError) -> [Document.Member] {
        try self.open(UInt8(ascii: "{"), .document, member.name)
        var members: [Document.Member] = []
        var indices: [ExactName: Int] = [:]
        while try self.advance(UInt8(ascii: "}")) {
            guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a name") }
            let name = try self.readPlainString()
            try self.readColon()
            if let names, !names.contains(where: { $0.utf8.count == name.utf8.count && $0 == name }) {
                try self.skipValue()
                continue
            }
            let value = try self.readDocument(member)
            if let index = Self.index(of: name, in: members, &indices) {
                members[index].value = value
            } else {
                if !indices.isEmpty { indices[ExactName(name)] = members.count }
                // Few objects have one member, but an empty one takes no memory.
                if members.isEmpty { members.reserveCapacity(4) }
                members.append(Document.Member(name, value))
            }
        }
        return members
    }

    /// Up to this many members, names are compared one by one: for so few, a table costs more than it saves.
    private static let comparedCountMax = 16

    /// The index of the member with that name, if there is one. `indices` maps names to indices; it stays empty while
    /// there are few members.
    private static func index(
        of name: String, in members: [Document.Member], _ indices: inout [ExactName: Int]
    ) -> Int? {
        let count = name.utf8.count
        let name = ExactName(name)
        guard members.count > self.comparedCountMax else {
            return members.indices.first { members[$0].name.utf8.count == count && ExactName(members[$0].name) == name }
        }
        if indices.isEmpty { for (index, member) in members.enumerated() { indices[ExactName(member.name)] = index } }
        return indices[name]
    }

    private var isAtNumber: Bool {
        mutating get {
            let byte = self.peek()
            return byte == UInt8(ascii: "-") || ASCII.isDigit(byte)
        }
    }

    private func text(of number: NumberToken) -> String {
        String(decoding: self.bytes[number.start..<number.end], as: UTF8.self)
    }
}
