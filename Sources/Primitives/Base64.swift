/// RFC 4648 base64 with the standard alphabet and padding, as every AWS protocol uses it.
package enum Base64 {
    @usableFromInline static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// Digit value by byte; 255 marks a byte outside the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() {
            table[Int(byte)] = UInt8(value)
        }
        return table
    }()

    /// Appends the padded text of `bytes`.
    @inlinable
    package static func append(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
        var group: UInt32 = 0
        var held = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            held += 1
            if held == 3 {
                self.digit(group >> 18, &output)
                self.digit(group >> 12, &output)
                self.digit(group >> 6, &output)
                self.digit(group, &output)
                group = 0
                held = 0
            }
        }
        if held == 1 {
            self.digit(group >> 2, &output)
            self.digit(group << 4, &output)
            output.append(UInt8(ascii: "="))
            output.append(UInt8(ascii: "="))
        } else if held == 2 {
            self.digit(group >> 10, &output)
            self.digit(group >> 4, &output)
            self.digit(group << 2, &output)
            output.append(UInt8(ascii: "="))
        }
    }

    @inlinable
    static func digit(_ value: UInt32, _ output: inout [UInt8]) {
        output.append(self.alphabet[Int(value & 63)])
    }

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.underestimatedCount + 2) / 3 * 4)
        self.append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// As the generic `encode`, for the type that most callers have: the generic one is not specialised outside this
    /// module and then takes 500 instructions a byte.
    package static func encode(_ bytes: [UInt8]) -> String {
        let count = self.encodedCount(bytes.count)
        return unsafe String(unsafeUninitializedCapacity: count) { room in
            var cursor = unsafe ByteCursor(UnsafeMutableRawBufferPointer(room))
            self.append(bytes.span, to: &cursor)
            return cursor.count
        }
    }

    /// The length of the padded text of `count` bytes.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Appends the padded text of `bytes`, which takes `encodedCount` bytes of room.
    package static func append(_ bytes: Span<UInt8>, to output: inout ByteCursor) {
        let alphabet = self.alphabet.span
        let wholeCount = bytes.count / 3 * 3
        var index = 0
        func digit(_ group: UInt32, _ shift: UInt32) -> UInt32 {
            UInt32(alphabet[Int(group >> shift & 63)])
        }
        while index < wholeCount {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            output.append(
                word: digit(group, 18) | digit(group, 12) << 8 | digit(group, 6) << 16 | digit(group, 0) << 24)
            index += 3
        }
        guard index < bytes.count else { return }
        let isPair = index + 2 == bytes.count
        let group = UInt32(bytes[index]) << 16 | (isPair ? UInt32(bytes[index + 1]) << 8 : 0)
        let padding = UInt32(UInt8(ascii: "="))
        output.append(
            word: digit(group, 18) | digit(group, 12) << 8 | (isPair ? digit(group, 6) : padding) << 16
                | padding << 24)
    }

    /// Decodes padded text strictly: no line ends, no missing padding, unused bits zero.
    /// - Returns: nil when the text is not canonical base64.
    @inlinable
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let decoded = text.withContiguousStorageIfAvailable { unsafe self.decode($0.span) }
        return decoded ?? self.decode(Array(text).span)
    }

    /// As the generic `decode`, for texts of megabytes: four digits at a time, with one lookup of the table.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let values = self.values
        let table = values.span
        var output: [UInt8] = []
        output.reserveCapacity(text.count / 4 * 3)
        // The last four may be padded.
        let wholeCount = max(0, text.count - 4)
        var index = 0
        while index < wholeCount {
            let (one, two) = (table[Int(text[index])], table[Int(text[index + 1])])
            let (three, four) = (table[Int(text[index + 2])], table[Int(text[index + 3])])
            guard one | two | three | four < 64 else { return nil }
            output.append(one << 2 | two >> 4)
            output.append(two << 4 | three >> 2)
            output.append(three << 6 | four)
            index += 4
        }
        var (group, held, padding) = (0 as UInt32, 0, 0)
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = table[Int(byte)]
            guard value < 64, padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            held += 1
        }
        return self.finish(group: group, held: held, padding: padding, &output) ? output : nil
    }

    private static func finish(group: UInt32, held: Int, padding: Int, _ output: inout [UInt8]) -> Bool {
        switch (held, padding) {
        case (0, 0):
            return true
        case (4, 0):
            output.append(UInt8(truncatingIfNeeded: group >> 16))
            output.append(UInt8(truncatingIfNeeded: group >> 8))
            output.append(UInt8(truncatingIfNeeded: group))
            return true
        case (2, 2):
            output.append(UInt8(truncatingIfNeeded: group >> 4))
            return group & 15 == 0
        case (3, 1):
            output.append(UInt8(truncatingIfNeeded: group >> 10))
            output.append(UInt8(truncatingIfNeeded: group >> 2))
            return group & 3 == 0
        default:
            return false
        }
    }
}
