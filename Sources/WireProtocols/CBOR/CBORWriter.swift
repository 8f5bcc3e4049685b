package import Primitives
package import ServiceModel

/// Writes one document of rpcv2Cbor: definite lengths, shortest integers, single precision for `float`.
///
/// The number of a structure's members is known only at its end, so the head is filled in then; with more than 23
/// members it grows by a byte or two.
package final class CBORWriter: BodyWriter {
    private struct OpenStructure {
        var headOffset: Int
        var memberCount: UInt64
    }

    private var output: [UInt8] = []
    private var structures: [OpenStructure] = []
    /// Text members written before the members of the root structure, such as an error's `__type`.
    private let leadingTexts: [(name: String, value: String)]

    package init(leadingTexts: [(name: String, value: String)] = []) {
        self.leadingTexts = leadingTexts
    }

    package func takeBytes() -> [UInt8] {
        self.output
    }

    package func beginStructure(_ schema: ShapeSchema) {
        let isRoot = self.output.isEmpty
        self.structures.append(OpenStructure(headOffset: self.output.count, memberCount: 0))
        self.output.append(0xA0)
        guard isRoot else { return }
        for (name, value) in self.leadingTexts {
            self.structures[self.structures.count - 1].memberCount += 1
            self.text(name.utf8)
            self.text(value.utf8)
        }
    }

    package func member(_ member: MemberSchema) {
        self.structures[self.structures.count - 1].memberCount += 1
        self.text(member.name.utf8)
    }

    package func endStructure() {
        let structure = self.structures.removeLast()
        guard structure.memberCount > 23 else {
            self.output[structure.headOffset] = 0xA0 | UInt8(structure.memberCount)
            return
        }
        var head: [UInt8] = []
        Self.appendHead(.map, structure.memberCount, to: &head)
        self.output.replaceSubrange(structure.headOffset...structure.headOffset, with: head)
    }

    package func beginList(_ member: MemberSchema, count: Int) {
        self.head(.array, UInt64(count))
    }

    package func element(_ member: MemberSchema) {}

    package func endList(_ member: MemberSchema) {}

    package func beginMap(_ member: MemberSchema, count: Int) {
        self.head(.map, UInt64(count))
    }

    package func key(_ key: String, _ member: MemberSchema) {
        self.text(key.utf8)
    }

    package func key(_ key: Span<UInt8>, _ member: MemberSchema) {
        self.string(.text, key)
    }

    package func endMap(_ member: MemberSchema) {}

    package func null() {
        self.output.append(0xF6)
    }

    package func string(_ value: String, _ member: MemberSchema) {
        self.text(value.utf8)
    }

    package func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.string(.text, value)
    }

    package func boolean(_ value: Bool, _ member: MemberSchema) {
        self.output.append(value ? 0xF5 : 0xF4)
    }

    package func integer(_ value: Int64, _ member: MemberSchema) {
        self.integer(value)
    }

    package func double(_ value: Double, _ member: MemberSchema) {
        if member.target.type == .float {
            self.output.append(0xFA)
            BigEndian.append((value.isNaN ? Float.nan : Float(value)).bitPattern, to: &self.output)
        } else {
            self.double(value)
        }
    }

    package func bigNumber(_ value: String, _ member: MemberSchema) {
        self.number(value)
    }

    package func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        self.output.append(0xC1)
        if value.millisecondsSinceEpoch % 1000 == 0 {
            self.integer(value.secondsSinceEpoch)
        } else {
            self.double(Double(value.millisecondsSinceEpoch) / 1000)
        }
    }

    package func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.string(.bytes, value)
    }

    package func document(_ value: Document, _ member: MemberSchema) {
        self.document(value)
    }

    private func document(_ value: Document) {
        switch value {
        case .null:
            self.output.append(0xF6)
        case .boolean(let value):
            self.output.append(value ? 0xF5 : 0xF4)
        case .number(let text):
            self.number(text)
        case .string(let text):
            self.text(text.utf8)
        case .array(let elements):
            self.head(.array, UInt64(elements.count))
            for element in elements { self.document(element) }
        case .object(let members):
            self.head(.map, UInt64(members.count))
            for member in members {
                self.text(member.name.utf8)
                self.document(member.value)
            }
        }
    }

    /// A number with more digits is written as text; covers the longest bignum that is read.
    private static let digitsMax = 2500

    /// Writes a decimal text as an integer, a bignum or a decimal fraction, whichever is exact.
    private func number(_ text: String) {
        guard let parsed = NumberText.decimal(Array(text.utf8)), parsed.digits.count <= Self.digitsMax else {
            return self.text(text.utf8)
        }
        let decimal = CBORNumber.normalised(parsed)
        if decimal.exponent != 0 {
            self.output.append(0xC4)
            self.head(.array, 2)
            self.integer(Int64(decimal.exponent))
        }
        var magnitude = CBORNumber.magnitude(digits: decimal.digits)
        // CBOR encodes a negative number n as -1 - n.
        if decimal.isNegative, let index = magnitude.lastIndex(where: { $0 != 0 }) {
            magnitude[index] -= 1
            for lower in (index + 1)..<magnitude.count { magnitude[lower] = 0xFF }
        }
        let isNegative = decimal.isNegative && !decimal.digits.isEmpty
        magnitude.removeFirst(magnitude.prefix { $0 == 0 }.count)
        if magnitude.count <= 8 {
            self.head(isNegative ? .negative : .unsigned, magnitude.reduce(0) { $0 << 8 | UInt64($1) })
        } else {
            self.head(.tag, isNegative ? 3 : 2)
            self.string(.bytes, magnitude.span)
        }
    }

    private func integer(_ value: Int64) {
        if value < 0 {
            self.head(.negative, UInt64(-1 - value))
        } else {
            self.head(.unsigned, UInt64(value))
        }
    }

    private func double(_ value: Double) {
        self.output.append(0xFB)
        BigEndian.append((value.isNaN ? Double.nan : value).bitPattern, to: &self.output)
    }

    private func text(_ utf8: String.UTF8View) {
        self.head(.text, UInt64(utf8.count))
        self.output.append(contentsOf: utf8)
    }

    private func string(_ major: CBORHead.Major, _ bytes: Span<UInt8>) {
        self.head(major, UInt64(bytes.count))
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe self.output.append(contentsOf: buffer)
        }
    }

    private func head(_ major: CBORHead.Major, _ argument: UInt64) {
        Self.appendHead(major, argument, to: &self.output)
    }

    /// Appends a head in its shortest form.
    static func appendHead(_ major: CBORHead.Major, _ argument: UInt64, to output: inout [UInt8]) {
        let high = major.rawValue << 5
        switch argument {
        case 0..<24:
            output.append(high | UInt8(argument))
        case 24...0xFF:
            output.append(high | 24)
            output.append(UInt8(argument))
        case 0x100...0xFFFF:
            output.append(high | 25)
            BigEndian.append(UInt16(argument), to: &output)
        case 0x1_0000...0xFFFF_FFFF:
            output.append(high | 26)
            BigEndian.append(UInt32(argument), to: &output)
        default:
            output.append(high | 27)
            BigEndian.append(argument, to: &output)
        }
    }
}
