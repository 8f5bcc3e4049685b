/// The metadata of a model file: keys and values.
package struct GGUFMetadata: Sendable, Equatable {
    package let values: [String: GGUFValue]
    /// The longest tokens of its vocabulary; nil without one.
    package let longestTokens: GGUFLongestTokens?

    /// Reads `count` keys.
    init(_ cursor: inout GGUFCursor, count: UInt64) throws(GGUFError) {
        var values: [String: GGUFValue] = [:]
        var longest: GGUFLongestTokens?
        for index in 0..<count {
            cursor.place = "metadata key \(index + 1) of \(count)"
            let bytes = try cursor.lengthAndBytes(most: GGUFLimits.keyBytesMax, "a metadata key")
            guard let key = String(validating: bytes, as: UTF8.self), !key.isEmpty else {
                throw cursor.error(.malformed, "a metadata key is empty or not UTF-8")
            }
            guard values[key] == nil else {
                throw cursor.error(.malformed, "the key \(GGUFError.shown(key)) occurs twice")
            }
            cursor.place = "the value of \(GGUFError.shown(key))"
            let type = try Self.type(&cursor)
            guard type == .array else {
                values[key] = try Self.scalar(type, &cursor)
                continue
            }
            var texts = GGUFLongestTokens()
            values[key] = try Self.array(&cursor, &texts)
            if key == "tokenizer.ggml.tokens" { longest = texts }
        }
        self.values = values
        self.longestTokens = longest
    }

    /// A non-negative integer.
    package func integer(_ key: String) -> UInt64? {
        switch self.values[key] {
        case .unsigned(let value): value
        case .signed(let value): UInt64(exactly: value)
        default: nil
        }
    }

    /// A number, integer or not.
    package func number(_ key: String) -> Double? {
        switch self.values[key] {
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    package func flag(_ key: String) -> Bool? {
        guard case .flag(let value) = self.values[key] else { return nil }
        return value
    }

    package func text(_ key: String) -> String? {
        guard case .text(let value) = self.values[key] else { return nil }
        return value
    }

    /// An array of integers or flags that was short enough to be kept.
    package func integers(_ key: String) -> [Int64]? {
        guard case .integers(let values) = self.values[key] else { return nil }
        return values
    }

    /// The number of elements of an array, kept or not.
    package func elementCount(_ key: String) -> UInt64? {
        switch self.values[key] {
        case .integers(let values): UInt64(values.count)
        case .floats(let values): UInt64(values.count)
        case .left(let type, let count) where type == .array: count
        default: nil
        }
    }

    private static func type(_ cursor: inout GGUFCursor) throws(GGUFError) -> GGUFValueType {
        let number = try cursor.unsigned(bytes: 4)
        guard let type = UInt32(exactly: number).flatMap(GGUFValueType.init(rawValue:)) else {
            throw cursor.error(.unsupported, "metadata type \(number) is not known")
        }
        return type
    }

    private static func scalar(_ type: GGUFValueType, _ cursor: inout GGUFCursor) throws(GGUFError) -> GGUFValue {
        if type == .string {
            let count = try cursor.unsigned(bytes: 8)
            guard count <= GGUFLimits.keptTextBytesMax else {
                try cursor.skip(count, "a text of \(count) bytes")
                return .left(type: .string, count: count)
            }
            return .text(String(decoding: try cursor.bytes(count, "a text"), as: UTF8.self))
        }
        let bits = try cursor.unsigned(bytes: Int(type.bytesMin))
        switch type {
        case .uint8, .uint16, .uint32, .uint64: return .unsigned(bits)
        case .int8: return .signed(Int64(Int8(truncatingIfNeeded: bits)))
        case .int16: return .signed(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: return .signed(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64: return .signed(Int64(bitPattern: bits))
        case .float32: return .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .float64: return .float(Double(bitPattern: bits))
        case .bool:
            guard bits <= 1 else { throw cursor.error(.malformed, "a flag is 0 or 1, not \(bits)") }
            return .flag(bits == 1)
        case .string, .array: preconditionFailure("texts and arrays are read elsewhere")
        }
    }

    private static func array(
        _ cursor: inout GGUFCursor, _ longest: inout GGUFLongestTokens
    ) throws(GGUFError) -> GGUFValue {
        let type = try self.type(&cursor)
        guard type != .array else {
            throw cursor.error(.unsupported, "arrays of arrays are not supported")
        }
        let count = try cursor.unsigned(bytes: 8)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: type.bytesMin)
        guard !overflow else { throw cursor.error(.malformed, "an array of \(count) elements fits into no file") }
        try cursor.require(bytes, "an array of \(count) elements")
        if type == .string {
            for _ in 0..<count { try longest.read(&cursor) }
            return .left(type: .array, count: count)
        }
        guard count <= GGUFLimits.keptElementsMax else {
            try cursor.skip(bytes, "an array of \(count) elements")
            return .left(type: .array, count: count)
        }
        return try self.numbers(type, count, &cursor)
    }

    private static func numbers(
        _ type: GGUFValueType, _ count: UInt64, _ cursor: inout GGUFCursor
    ) throws(GGUFError) -> GGUFValue {
        var integers: [Int64] = []
        var floats: [Double] = []
        for _ in 0..<count {
            switch try self.scalar(type, &cursor) {
            case .unsigned(let value): integers.append(Int64(clamping: value))
            case .signed(let value): integers.append(value)
            case .flag(let value): integers.append(value ? 1 : 0)
            case .float(let value): floats.append(value)
            case .text, .integers, .floats, .left: preconditionFailure("an array of numbers has no texts")
            }
        }
        return type == .float32 || type == .float64 ? .floats(floats) : .integers(integers)
    }
}
