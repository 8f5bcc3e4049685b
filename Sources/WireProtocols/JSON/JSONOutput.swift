internal import Primitives

/// The buffer of a JSON document while it is written.
///
/// A value for the same reason as `JSONScanner`; each piece is appended with a single capacity check.
struct JSONOutput {
    private(set) var bytes: [UInt8] = []
    /// Whether the container already has a value, so that the next one needs a comma.
    private var needsComma = false
    /// Open arrays and objects.
    private(set) var depth = 0

    init(reserving capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    /// Reserves capacity for `count` more bytes; at least doubles the capacity, so that repeated calls stay cheap.
    mutating func reserve(_ count: Int) {
        guard self.bytes.capacity - self.bytes.count < count else { return }
        self.bytes.reserveCapacity(max(self.bytes.count + count, 2 * self.bytes.capacity))
    }

    mutating func open(_ bracket: UInt8) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(bracket)
        self.needsComma = false
        self.depth += 1
    }

    mutating func close(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
        self.depth -= 1
    }

    /// Writes a name and its colon.
    mutating func name(_ text: String) {
        let done: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe self.quoted(UnsafeRawBufferPointer($0), isName: true)
        }
        if done == nil { self.name(Array(text.utf8).span) }
    }

    /// Writes a name given as UTF-8, and its colon.
    mutating func name(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBytes { unsafe self.quoted($0, isName: true) }
    }

    mutating func string(_ text: String) {
        let done: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe self.quoted(UnsafeRawBufferPointer($0), isName: false)
        }
        if done == nil { self.string(Array(text.utf8).span) }
    }

    mutating func string(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBytes { unsafe self.quoted($0, isName: false) }
    }

    /// Writes a string between two texts that together form one value.
    mutating func string(_ text: String, between before: [UInt8], and behind: [UInt8]) {
        self.separate()
        self.bytes.append(contentsOf: before)
        self.needsComma = false
        self.string(text)
        self.bytes.append(contentsOf: behind)
    }

    /// Writes a number or a literal.
    mutating func word(_ text: String) {
        self.separate()
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func integer(_ value: Int64) {
        self.separate()
        NumberText.append(value, to: &self.bytes)
    }

    /// Writes the output of `append`, between quotes if `isQuoted`; the output must not need escapes.
    mutating func raw(isQuoted: Bool, _ append: (inout [UInt8]) -> Void) {
        self.separate()
        if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
        append(&self.bytes)
        if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
    }

    private mutating func separate() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    @inline(__always)
    private mutating func quoted(_ text: UnsafeRawBufferPointer, isName: Bool) {
        if unsafe JSONText.isPlain(text) {
            unsafe self.appendPlain(text, isName: isName)
        } else {
            unsafe self.appendEscaped(text, isName: isName)
        }
        self.needsComma = !isName
    }

    /// Writes `,"text":` for a text without escapes, in one go.
    private mutating func appendPlain(_ text: UnsafeRawBufferPointer, isName: Bool) {
        let needsComma = self.needsComma
        self.bytes.append(bytesMax: text.count + 4) { cursor in
            if needsComma { cursor.append(byte: UInt8(ascii: ",")) }
            unsafe cursor.append(quoted: text)
            if isName { cursor.append(byte: UInt8(ascii: ":")) }
        }
    }

    @inline(never)
    private mutating func appendEscaped(_ text: UnsafeRawBufferPointer, isName: Bool) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(UInt8(ascii: "\""))
        unsafe JSONText.append(escaping: text, to: &self.bytes)
        self.bytes.append(UInt8(ascii: "\""))
        if isName { self.bytes.append(UInt8(ascii: ":")) }
    }
}
