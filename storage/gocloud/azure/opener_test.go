package azure_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud/azure"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// parse reads spec.storage as the operator's resource has it.
func parse(t *testing.T, text string) *operatorconfig.Storage {
	t.Helper()
	s, err := operatorconfig.Parse([]byte(text))
	require.NoError(t, err)
	return s
}

// TestEndToEndOpener goes from the operator's configuration to what a registry keeps in
// a container of the emulator.
func TestEndToEndOpener(t *testing.T) {
	const (
		digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		link   = "docker/registry/v2/repositories/team/app/_manifests/tags/v1/current/link"
	)
	client := azurite(t)
	_, err := client.NewBlockBlobClient(link).UploadBuffer(t.Context(), []byte(digest), nil)
	require.NoError(t, err)
	open := operatorconfig.Openers{operatorconfig.Azure: azure.Opener(func(string, string) (*container.Client, error) { return client, nil })}
	store, err := operatorconfig.Open(t.Context(), parse(t, `{"azure":{"accountName":"account","container":"images"}}`), open)
	require.NoError(t, err)
	layout := registrylayout.New(store, registrylayout.Options{})
	var names []string
	for repository, err := range layout.Repositories(t.Context()) {
		require.NoError(t, err)
		names = append(names, repository)
	}
	require.Equal(t, []string{"team/app"}, names)
	require.NoError(t, store.Close())
	_, err = store.Stat(t.Context(), link)
	require.Error(t, err, "the bucket is closed")
}

// TestAddresses looks at where the clients are made for, with the account's key.
func TestAddresses(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte("key of the account"))
	connect, err := azure.Credentials(map[string][]byte{"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": []byte(key)})
	require.NoError(t, err)
	for text, want := range map[string]string{
		`{"azure":{"accountName":"acc1","container":"images-1"}}`:                                      "https://acc1.blob.core.windows.net/images-1",
		`{"azure":{"accountName":"acc1","container":"img","cloudName":"AzurePublicCloud"}}`:            "https://acc1.blob.core.windows.net/img",
		`{"azure":{"accountName":"acc1","container":"img","cloudName":"AzureUSGovernmentCloud"}}`:      "https://acc1.blob.core.usgovcloudapi.net/img",
		`{"azure":{"accountName":"acc1","container":"img","cloudName":"AzureChinaCloud"}}`:             "https://acc1.blob.core.chinacloudapi.cn/img",
		`{"azure":{"accountName":"acc1","container":"img","networkAccess":{"type":"Internal"}}}`:       "https://acc1.blob.core.windows.net/img",
		`{"azure":{"accountName":"acc1","container":"img","cloudName":"AzureGermanCloud","foo":null}}`: "https://acc1.blob.core.cloudapi.de/img",
	} {
		var got string
		opener := azure.Opener(func(account, url string) (*container.Client, error) {
			require.Equal(t, "acc1", account)
			client, err := connect(account, url)
			if err == nil {
				got = client.URL()
			}
			return client, err
		})
		store, err := operatorconfig.Open(t.Context(), parse(t, text), operatorconfig.Openers{operatorconfig.Azure: opener})
		require.NoError(t, err, text)
		require.NoError(t, store.Close())
		require.Equal(t, want, got)
	}
}

// TestWhatCannotBeFollowed names the field, and asks nobody.
func TestWhatCannotBeFollowed(t *testing.T) {
	opener := azure.Opener(func(_, url string) (*container.Client, error) {
		t.Errorf("connected to %s", url)
		return nil, storage.ErrUnsupported
	})
	for text, want := range map[string]struct {
		field string
		err   error
	}{
		`{"azure":{"accountName":"acc1","container":"img","cloudName":"AzureStackCloud"}}`: {"cloudName", storage.ErrUnsupported},
		`{"azure":{"accountName":"evil.example/","container":"img"}}`:                      {"accountName", operatorconfig.ErrInvalid},
		`{"azure":{"accountName":"a-b","container":"img"}}`:                                {"accountName", operatorconfig.ErrInvalid},
		`{"azure":{"accountName":"ac","container":"img"}}`:                                 {"accountName", operatorconfig.ErrInvalid},
		`{"azure":{"accountName":"acc1","container":"../img"}}`:                            {"container", operatorconfig.ErrInvalid},
		`{"azure":{"accountName":"acc1","container":"-img"}}`:                              {"container", operatorconfig.ErrInvalid},
		`{"azure":{"accountName":"acc1","container":"` + strings.Repeat("c", 64) + `"}}`:   {"container", operatorconfig.ErrInvalid},
	} {
		_, err := operatorconfig.Open(t.Context(), parse(t, text), operatorconfig.Openers{operatorconfig.Azure: opener})
		var field *operatorconfig.FieldError
		require.ErrorAs(t, err, &field, text)
		require.Equal(t, "spec.storage.azure."+want.field, field.Field)
		require.ErrorIs(t, err, want.err)
	}
}

// TestCredentials: a Secret without the key, and a key that is none, which is not told.
func TestCredentials(t *testing.T) {
	_, err := azure.Credentials(map[string][]byte{"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": nil, "azure_client_id": []byte("id")})
	require.ErrorIs(t, err, azure.ErrNoCredentials)
	connect, err := azure.Credentials(map[string][]byte{"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": []byte("se*cret")})
	require.NoError(t, err)
	open := operatorconfig.Openers{operatorconfig.Azure: azure.Opener(connect)}
	_, err = operatorconfig.Open(t.Context(), parse(t, `{"azure":{"accountName":"acc1","container":"img"}}`), open)
	require.ErrorContains(t, err, "not base64")
	require.NotContains(t, err.Error(), "se*cret")
}
