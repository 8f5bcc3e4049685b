/// Appends to the room that was made for a head.
@safe
struct HTTP1HeadCursor {
    private let room: UnsafeMutableRawBufferPointer
    private let capacity: Int
    private(set) var count = 0

    /// - Parameter room: outlives the cursor.
    @unsafe
    init(_ room: UnsafeMutableRawBufferPointer) {
        unsafe self.room = room
        self.capacity = room.count
    }

    mutating func append(byte: UInt8) {
        precondition(self.count < self.capacity, "a head fits in the room made for it")
        unsafe self.room[self.count] = byte
        self.count += 1
    }

    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe self.copy($0) }
    }

    /// An ASCII text of ours.
    mutating func append(_ text: StaticString) {
        unsafe self.copy(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number of at least 0.
    mutating func append(decimal number: Int) {
        if number >= 10 { self.append(decimal: number / 10) }
        self.append(byte: UInt8(ascii: "0") + UInt8(number % 10))
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        precondition(bytes.count <= self.capacity - self.count, "a head fits in the room made for it")
        unsafe self.room.baseAddress?.advanced(by: self.count).copyMemory(from: source, byteCount: bytes.count)
        self.count += bytes.count
    }
}
