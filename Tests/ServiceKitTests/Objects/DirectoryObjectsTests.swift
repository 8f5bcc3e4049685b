import Foundation
import Primitives
import ServiceKit
import TestSupport
import Testing

/// What holds of objects, whatever their keys.
struct DirectoryObjectsTests {
    private let folder = ScratchFolder()
    private var objects: DirectoryObjects { DirectoryObjects(directory: self.folder.path) }

    private static func location(_ key: String, bucket: String = "a-bucket") throws -> ObjectLocation {
        try #require(ObjectLocation(bucket: bucket, key: key))
    }

    @Test(arguments: [
        "plain", "folder/file.json", "../../outside", "..", "a//b/", "/", "ümlaut/\u{1F600}", "~temporary", "100%",
        String(repeating: "k", count: 1024), String(repeating: "ü", count: 512), "a.b/c d+e%2F/ö.json", "./a/.././b",
        "x/" + String(repeating: "€", count: 300), String(repeating: "k", count: 200) + "..",
        String(repeating: "k", count: 400) + "../AWSDynamoDB/.", String(repeating: "k", count: 200) + "./k",
    ])
    func `an object comes back as it went, whatever its key`(_ key: String) async throws {
        let objects = self.objects
        let location = try Self.location(key)
        try await objects.put([1, 2, 3], at: location)
        try await objects.put([4, 5], at: location)
        #expect(try await objects.get(location) == [4, 5])
        #expect(try await objects.list(bucket: "a-bucket", prefix: "", startAfter: "", limit: 10) == [key])
        // Nothing climbs out of the bucket's folder, and no temporary file is left.
        #expect(self.folder.files.filter { !$0.hasPrefix("a-bucket") } == [])
        try await objects.delete(location)
        await #expect(throws: ObjectError.absent) { try await objects.get(location) }
    }

    @Test func `keys are listed in byte order, from behind a key, under a prefix, up to a limit`() async throws {
        let objects = self.objects
        for key in ["b/2", "b/10", "a", "b/1", "c", "b"] {
            try await objects.put(Array(key.utf8), at: Self.location(key))
        }
        try await objects.put([], at: Self.location("b/3", bucket: "another"))
        #expect(
            try await objects.list(bucket: "a-bucket", prefix: "b", startAfter: "", limit: 10)
                == ["b", "b/1", "b/10", "b/2"])
        #expect(try await objects.list(bucket: "a-bucket", prefix: "b/", startAfter: "b/1", limit: 1) == ["b/10"])
        #expect(try await objects.list(bucket: "missing", prefix: "", startAfter: "", limit: 10) == [])
        #expect(try await objects.list(bucket: "../another", prefix: "", startAfter: "", limit: 10) == [])
    }

    @Test func `a file that is put by hand is an object, and an object is a file under its key`() async throws {
        let objects = self.objects
        try await objects.put(Array("here".utf8), at: Self.location("in/a.json"))
        #expect(try Files.read("\(self.folder.path)/a-bucket/in/a.json") == Array("here".utf8))
        try Files.replace(
            "\(self.folder.path)/a-bucket/in/my file (1).csv", with: [7], mode: 0o600, temporarySuffix: "x")
        #expect(
            try await objects.list(bucket: "a-bucket", prefix: "in/", startAfter: "", limit: 10)
                == ["in/a.json", "in/my file (1).csv"])
        #expect(try await objects.get(Self.location("in/my file (1).csv")) == [7])
    }

    @Test func `a piece of an object ends where the object ends`() async throws {
        let objects = self.objects
        let location = try Self.location("pieces")
        try await objects.put([1, 2, 3, 4, 5], at: location)
        #expect(try await objects.get(location, from: 1, count: 3) == [2, 3, 4])
        #expect(try await objects.get(location, from: 3, count: 3) == [4, 5])
        #expect(try await objects.get(location, from: 5, count: 3) == [])
        #expect(try await objects.get(location, from: 9, count: 3) == [])
        await #expect(throws: ObjectError.absent) {
            try await objects.get(Self.location("absent"), from: 0, count: 1)
        }
    }

    @Test func `an object may have the name of a folder, whichever came first`() async throws {
        let objects = self.objects
        for key in ["a", "a/b", "a/b/c", "d/e/f", "d/e", "d", "g/", "g//h"] {
            try await objects.put(Array(key.utf8), at: Self.location(key))
        }
        let keys = try await objects.list(bucket: "a-bucket", prefix: "", startAfter: "", limit: 20)
        #expect(keys == ["a", "a/b", "a/b/c", "d", "d/e", "d/e/f", "g/", "g//h"])
        for key in keys { #expect(try await objects.get(Self.location(key)) == Array(key.utf8)) }
    }

    @Test func `removing an absent object is no error`() async throws {
        let objects = self.objects
        try await objects.delete(Self.location("absent"))
    }

    @Test(arguments: ["ab", "Upper", "-dash", "dash-", "two..dots", "a/b", "..", String(repeating: "a", count: 64)])
    func `a bucket has a name of S3's kind`(_ bucket: String) {
        #expect(ObjectLocation(bucket: bucket, key: "key") == nil)
    }

    @Test(arguments: ["", "nul\u{0}", String(repeating: "k", count: 1025)])
    func `a key has 1 to 1,024 bytes without NUL`(_ key: String) {
        #expect(ObjectLocation(bucket: "a-bucket", key: key) == nil)
    }
}
