internal import Primitives
internal import ServiceModel

/// A file of tensors in the format of Hugging Face's libraries: an eight-byte length, a JSON object with the tensors by
/// name, then their data.
/// - Source: the format's description in huggingface/safetensors, README.md.
struct SafetensorsFile: Sendable {
    /// The maximum size of the JSON object, of which a parsed value takes up to a hundred times its bytes. The library
    /// allows 100 MB, but only models of the BERT family are converted: the largest in use have 400 tensors, and one of
    /// `BertConversion.layerCountMax` layers has 4,101 and a header of half a megabyte.
    static let headerBytesMax = 4 << 20
    static let tensorCountMax = 20_000

    /// The number formats that can be converted.
    enum Kind: String, Sendable, Hashable {
        case f32 = "F32"
        case f16 = "F16"
        case bf16 = "BF16"

        var bytes: Int { self == .f32 ? 4 : 2 }
    }

    /// The position of a tensor's data; `kind` is nil for other formats, such as I64.
    struct Tensor: Sendable, Equatable {
        var kind: Kind?
        var shape: [Int]
        /// The range in the file.
        var bytes: Range<Int>

        var elementCount: Int { self.shape.reduce(1, *) }
    }

    let path: String
    let tensors: [String: Tensor]
    private let file: OpenFile
    /// The length of the file.
    var bytes: Int64 { self.file.bytes }

    /// - Throws: `.damaged` when the file has another format or is incomplete.
    init(_ path: String) throws(RegistryError) {
        self.path = path
        self.file = try OpenFile(reading: path)
        let prefix = try self.file.first(8)
        guard prefix.count == 8 else { throw Self.damage(path, "it is shorter than its first number") }
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.headerBytesMax, Int64(length) + 8 <= self.file.bytes else {
            throw Self.damage(path, "its header is longer than the file, or than \(Self.headerBytesMax) bytes")
        }
        let begin = 8 + Int(length)
        let header = RegistryText.document(try self.file.piece(at: 8, count: Int(length)))
        guard case .object(let members)? = header, members.count <= Self.tensorCountMax else {
            throw Self.damage(path, "its header is no JSON object of tensors")
        }
        var tensors: [String: Tensor] = [:]
        for member in members where member.name != "__metadata__" {
            guard let tensor = Self.tensor(member.value, begin: begin, end: Int(self.file.bytes)) else {
                throw Self.damage(path, "the tensor \(GGUFError.shown(member.name)) is not in it as the header says")
            }
            tensors[member.name] = tensor
        }
        self.tensors = tensors
    }

    private static func tensor(_ document: Document, begin: Int, end: Int) -> Tensor? {
        guard let type = document["dtype"]?.text, case .array(let sizes)? = document["shape"], sizes.count <= 8,
            let offsets = document["data_offsets"]?.elements.compactMap(\.integer), offsets.count == 2,
            offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= end - begin
        else { return nil }
        var count = 1
        var shape: [Int] = []
        for size in sizes {
            guard let size = size.integer, size >= 0 else { return nil }
            let (product, isOver) = count.multipliedReportingOverflow(by: size)
            guard !isOver else { return nil }
            count = product
            shape.append(size)
        }
        let kind = Kind(rawValue: type)
        guard kind.map({ count.multipliedReportingOverflow(by: $0.bytes) == (offsets[1] - offsets[0], false) }) ?? true
        else { return nil }
        return Tensor(kind: kind, shape: shape, bytes: (begin + offsets[0])..<(begin + offsets[1]))
    }

    /// The elements of a tensor.
    func numbers(_ tensor: Tensor) throws(RegistryError) -> [Float] {
        guard let kind = tensor.kind else { throw Self.damage(self.path, "a tensor is not of floating-point numbers") }
        let bytes = try self.file.piece(at: Int64(tensor.bytes.lowerBound), count: tensor.bytes.count)
        guard bytes.count == tensor.bytes.count else { throw Self.damage(self.path, "it ends within a tensor") }
        return (0..<tensor.elementCount).map { index in
            let place = index * kind.bytes
            let low = UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
            switch kind {
            case .f16: return Float(Float16(bitPattern: UInt16(low)))
            case .bf16: return Float(bitPattern: low << 16)
            case .f32: return Float(bitPattern: low | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24)
            }
        }
    }

    private static func damage(_ path: String, _ reason: String) -> RegistryError {
        RegistryError(.damaged, "\(path) is not a complete safetensors file: \(reason)")
    }
}
