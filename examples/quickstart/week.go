package main

import (
	"context"
	"time"

	"github.com/registrykit/registrykit/imagestream/importer"
)

// The week that is replayed: six working days with a push each, and the Sunday on which
// it is cleaned up.
var (
	monday = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	sunday = monday.AddDate(0, 0, 6)
)

const workingDays = 6

// replay pushes what is built on each day, and imports it five minutes later.
func replay(ctx context.Context, b *builder, c *cluster, from importer.Registry) error {
	for day := range workingDays {
		now := monday.AddDate(0, 0, day)
		if err := pushDay(ctx, b, day, now); err != nil {
			return err
		}
		if err := c.importAll(ctx, from, now.Add(5*time.Minute)); err != nil {
			return err
		}
	}
	return nil
}

func pushDay(ctx context.Context, b *builder, day int, now time.Time) error {
	web, err := b.index(now)
	if err != nil {
		return err
	}
	if err := b.push(ctx, "shop/web:latest", web); err != nil {
		return err
	}
	api, err := b.image("amd64", now)
	if err != nil {
		return err
	}
	if err := b.push(ctx, "shop/api:latest", api); err != nil {
		return err
	}
	switch day {
	case 0: // the release, signed
		if err := b.push(ctx, "shop/api:v1", api); err != nil {
			return err
		}
		return b.sign(ctx, "shop/api", api)
	case 2:
		return b.pushAndRegret(ctx, "shop/api:attempt", now)
	case 3:
		return b.breakOff(ctx, "shop/web")
	}
	return nil
}
