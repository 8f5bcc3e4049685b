internal import Primitives

/// The bytes of a JSON document that is being written.
///
/// A value for the same reason as `JSONScanner`; each piece is appended with one check of the room that it needs.
struct JSONOutput {
    private(set) var bytes: [UInt8] = []
    /// Whether a value stands before the next one in the same container.
    private var needsComma = false
    /// Open arrays and objects.
    private(set) var depth = 0

    init(reserving capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    /// Makes room for so many bytes more; at least doubles it, so that it may be called again and again.
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

    /// A name and its colon.
    mutating func name(_ text: String) {
        let done: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe self.quoted(UnsafeRawBufferPointer($0), isName: true)
        }
        if done == nil { self.name(Array(text.utf8).span) }
    }

    /// A name given as UTF-8, and its colon.
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

    /// A string between two texts that make a value with it.
    mutating func string(_ text: String, between before: [UInt8], and behind: [UInt8]) {
        self.separate()
        self.bytes.append(contentsOf: before)
        self.needsComma = false
        self.string(text)
        self.bytes.append(contentsOf: behind)
    }

    /// A number or a literal.
    mutating func word(_ text: String) {
        self.separate()
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func integer(_ value: Int64) {
        self.separate()
        NumberText.append(value, to: &self.bytes)
    }

    /// A value that `append` writes, between quotes where told; it must need no escapes.
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

    /// `,"text":` without anything to escape, in one go.
    private mutating func appendPlain(_ text: UnsafeRawBufferPointer, isName: Bool) {
        let needsComma = self.needsComma
        self.bytes.append(bytesMax: text.count + 4) { cursor in
            if needsComma { cursor.append(byte: UInt8(ascii: ",")) }
            unsafe cursor.append(quoted: text)
            if isName { cursor.append(byte: UInt8(ascii: ":")) }
        }
    }

    /// `{"name":"text"}`, as the values of maps are written that are unions of types: in one go where it can be.
    mutating func loneString(_ name: Span<UInt8>, _ text: Span<UInt8>) {
        let isWritten = unsafe name.withUnsafeBytes { name in
            unsafe text.withUnsafeBytes { text in unsafe self.appendPlainObject(nil, name, text) }
        }
        if isWritten { return }
        self.open(UInt8(ascii: "{"))
        self.name(name)
        self.string(text)
        self.close(UInt8(ascii: "}"))
    }

    /// The same after its key and a colon.
    mutating func loneString(key: Span<UInt8>, _ name: Span<UInt8>, _ text: Span<UInt8>) {
        let isWritten = unsafe key.withUnsafeBytes { key in
            unsafe name.withUnsafeBytes { name in
                unsafe text.withUnsafeBytes { text in unsafe self.appendPlainObject(key, name, text) }
            }
        }
        if isWritten { return }
        self.name(key)
        self.loneString(name, text)
    }

    /// - Returns: false, and nothing is appended, where one of them needs escapes.
    @inline(__always)
    private mutating func appendPlainObject(
        _ key: UnsafeRawBufferPointer?, _ name: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer
    ) -> Bool {
        guard unsafe JSONText.isPlain(name), unsafe JSONText.isPlain(text) else { return false }
        if let key = unsafe key, unsafe !JSONText.isPlain(key) { return false }
        let needsComma = self.needsComma
        let count = unsafe (key.map { $0.count + 3 } ?? 0) + name.count + text.count + 8
        self.bytes.append(bytesMax: count) { cursor in
            if needsComma { cursor.append(byte: UInt8(ascii: ",")) }
            if let key = unsafe key {
                unsafe cursor.append(quoted: key)
                cursor.append(byte: UInt8(ascii: ":"))
            }
            cursor.append(byte: UInt8(ascii: "{"))
            unsafe cursor.append(quoted: name)
            cursor.append(byte: UInt8(ascii: ":"))
            unsafe cursor.append(quoted: text)
            cursor.append(byte: UInt8(ascii: "}"))
        }
        self.needsComma = true
        return true
    }

    /// Runs without anything to escape are copied whole.
    @inline(never)
    private mutating func appendEscaped(_ text: UnsafeRawBufferPointer, isName: Bool) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(UInt8(ascii: "\""))
        var start = 0
        while start < text.count {
            let end = unsafe JSONText.endOfPlainRun(in: text, from: start, stopsBeyondASCII: false)
            unsafe self.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<end]))
            if end < text.count { self.appendEscape(unsafe text[end]) }
            start = end + 1
        }
        self.bytes.append(UInt8(ascii: "\""))
        if isName { self.bytes.append(UInt8(ascii: ":")) }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        self.bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: self.bytes.append(byte)
        case 0x08: self.bytes.append(UInt8(ascii: "b"))
        case 0x09: self.bytes.append(UInt8(ascii: "t"))
        case 0x0A: self.bytes.append(UInt8(ascii: "n"))
        case 0x0C: self.bytes.append(UInt8(ascii: "f"))
        case 0x0D: self.bytes.append(UInt8(ascii: "r"))
        default:
            self.bytes.append(contentsOf: "u00".utf8)
            Hex.append(CollectionOfOne(byte), to: &self.bytes)
        }
    }
}

extension ByteCursor {
    @inline(__always)
    fileprivate mutating func append(quoted text: UnsafeRawBufferPointer) {
        self.append(byte: UInt8(ascii: "\""))
        unsafe self.append(text)
        self.append(byte: UInt8(ascii: "\""))
    }
}
